import { text } from 'node:stream/consumers';
import type { Model } from '../../src/weights/catalogue.js';
import type { HubSettings } from '../../src/hub/hub-settings.js';
import { pullModel } from '../../src/weights/store/index.js';

/** Pulls the model that stdin describes, in a process of its own, and says how it stands then. */
const { model, settings } = JSON.parse(await text(process.stdin)) as { model: Model; settings: HubSettings };
process.stdout.write((await pullModel(model, settings)).state);
