/** The world that the demo model knows: pictures of coloured shapes, and what can be asked about them. */
export { boxOf, drawScene } from './draw.js';
export { askAbout, type Kind, type SceneQuestion } from './questions.js';
export { createRandom, type Random } from './random.js';
export { createScene, type Scene, type Thing } from './scene.js';
