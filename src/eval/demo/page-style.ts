/** Light and dark as the reader's system is; narrow screens stack. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #8884; --right: #2a9d5c; --wrong: #d1372c; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
.headline strong { font-size: 2rem; }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 600; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
td, th { padding: .15rem .8rem .15rem 0; vertical-align: top; }
.chart th { font-weight: 400; } .chart td { font-variant-numeric: tabular-nums; }
.chart .bar { width: 11rem; padding-top: .4rem; } .bar div { height: .8rem; background: var(--right); }
section { border-top: 1px solid var(--line); padding: 1.2rem 0; }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; align-items: flex-start; margin-bottom: .6rem; }
img { max-width: 11rem; max-height: 11rem; display: block; border: 1px solid var(--line); }
figure { margin: 0; } figcaption { font-size: .85rem; } figure.miss figcaption { color: var(--wrong); }
.wrong td:nth-child(3) { color: var(--wrong); } .right td:nth-child(3) { color: var(--right); }
small { opacity: .7; } summary { cursor: pointer; }
.answer { border: 2px solid #ff2d20; padding: 0 .3rem; } .given { border: 2px dashed #00c853; padding: 0 .3rem; }
`;
