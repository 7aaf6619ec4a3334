// The style of the report: light, dark and on A4. Colours are those of Okabe and Ito, which colour-blind readers can
// distinguish.
// Source: Okabe and Ito, "Color universal design", jfly.uni-koeln.de/color, 2008.

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #fff; --text: #1c2420; --soft: #56615b; --line: #e0ddd4; --accent: #00694d;
  --c0: #0072b2; --c1: #c77700; --c2: #008a66; --c3: #c84a00; --c4: #a84f86; --c5: #2f8fc4; --c6: #8a7a00; --c7: #9aa39e;
  --c8: #5b4bb0; --c9: #7a4b2a;
  --right: 0, 114, 178; --wrong: 213, 94, 0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121715; --card: #1a211e; --text: #e9eeea; --soft: #a3b0a9; --line: #313b36; --accent: #5fd3a8;
    --c0: #5bb0e8; --c1: #f0a93b; --c2: #3ec79a; --c3: #ff8a4c; --c4: #e08fbf; --c5: #8fd0f5; --c6: #e0d04a; --c7: #74807a;
    --c8: #a89bf0; --c9: #c99a74;
    --right: 91, 176, 232; --wrong: 255, 138, 76;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Open Sans", sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 32px 20px 64px; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; align-items: baseline; }
.brand { color: var(--accent); font-weight: 650; letter-spacing: .02em; }
h1 { font-size: 30px; line-height: 1.2; margin: 4px 0 6px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 44px 0 4px; letter-spacing: -.005em; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { margin: 4px 0 12px; max-width: 84ch; }
.soft, .note { color: var(--soft); }
.note { border-left: 3px solid var(--line); padding: 4px 0 4px 12px; }
.hero { display: grid; grid-template-columns: minmax(260px, 1fr) minmax(280px, 1.3fr); gap: 8px 32px; align-items: center; padding: 22px 26px; margin: 20px 0 16px; }
.hero .big { font-size: 58px; font-weight: 680; line-height: 1; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card, .hero, figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
/* the last row fills its line */
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 0; padding: 0; }
.tiles div { flex: 1 1 164px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 19px; font-weight: 620; font-variant-numeric: tabular-nums; }
.tiles small { white-space: nowrap; font-weight: 400; font-size: 12px; color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 14px; align-items: start; }
figure { margin: 10px 0; padding: 14px 16px 10px; min-width: 0; }
.pair > * { margin: 0; }
.pair { margin: 10px 0; }
figcaption, caption { font-weight: 620; text-align: left; padding: 0 0 6px; font-size: 14px; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, "Segoe UI", Roboto, "Open Sans", sans-serif; }
svg text { fill: var(--soft); }
svg .axis { fill: var(--text); }
svg .value { fill: var(--text); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; }
.line { fill: none; stroke: var(--ink); stroke-width: 2.2; stroke-linejoin: round; }
.line.thin { stroke-width: 1.2; opacity: .6; }
.guide { --ink: var(--soft); }
.line.guide { stroke-width: 1.2; stroke-dasharray: 5 4; }
.bar { fill: var(--ink); }
.shade1 { opacity: .22; } .shade2 { opacity: .42; } .shade3 { opacity: .62; } .shade4 { opacity: .82; }
.dot { fill: var(--ink); stroke: var(--card); stroke-width: 1; }
.whisker { stroke: var(--text); stroke-width: 1.4; }
.interval text { font-size: 12.5px; font-variant-numeric: tabular-nums; }
.interval .track { stroke: var(--line); stroke-width: 6; stroke-linecap: round; }
.interval .span { stroke: var(--c0); stroke-width: 6; stroke-linecap: round; }
.interval .point { fill: var(--card); stroke: var(--c0); stroke-width: 3; }
.interval .ceiling { stroke: var(--c3); stroke-width: 2; stroke-dasharray: 3 2; }
.ink0 { --ink: var(--c0); } .ink1 { --ink: var(--c1); } .ink2 { --ink: var(--c2); } .ink3 { --ink: var(--c3); } .ink4 { --ink: var(--c4); }
.ink5 { --ink: var(--c5); } .ink6 { --ink: var(--c6); } .ink7 { --ink: var(--c7); } .ink8 { --ink: var(--c8); } .ink9 { --ink: var(--c9); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 2px; padding: 0; font-size: 13px; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: 11px; height: 11px; border-radius: 3px; background: var(--ink); margin-right: 6px; vertical-align: -1px; }
.legend li.guide::before { height: 0; border-radius: 0; border-top: 2px dashed var(--ink); background: none; vertical-align: 4px; width: 16px; }
.scroll { overflow-x: auto; margin: 14px 0; }
figure .scroll { margin: 0; }
th code, .whole { white-space: nowrap; overflow-wrap: normal; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
.scroll > table:not(.matrix) { background: var(--card); }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; }
thead th { color: var(--soft); font-size: 13px; }
th[scope=row] { font-weight: 560; }
.number { text-align: right; }
.matrix { border-collapse: separate; border-spacing: 4px; }
.matrix th, .matrix td { border: 0; vertical-align: middle; }
.matrix th { max-width: 120px; overflow-wrap: anywhere; }
.pair > div > :first-child { margin-top: 0; }
.matrix .cell { text-align: center; border-radius: 8px; padding: 14px 6px; min-width: 74px; }
.matrix .cell.right { background: rgba(var(--right), calc(.06 + .36 * var(--share))); }
.matrix .cell.wrong { background: rgba(var(--wrong), calc(.05 + .75 * var(--share))); }
.matrix b { display: block; font-size: 17px; font-weight: 620; }
.matrix span { font-size: 12.5px; }
.matrix thead th { text-align: center; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
code { font: 13px ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
dl.card { padding: 8px 18px 14px; margin: 10px 0; }
dl.card dt { font-weight: 620; margin-top: 10px; }
dl.card dd { margin: 0; color: var(--text); max-width: 80ch; }
a { color: var(--accent); }
@media (max-width: 640px) { .hero { grid-template-columns: 1fr; padding: 18px; } main { padding: 20px 14px 48px; } .hero .big { font-size: 48px; }
  svg { font-size: 14px; } .interval text { font-size: 16px; } .wide { min-width: 720px; font-size: 12px; } .tiles div { flex-basis: 130px; } }
@media print {
  @page { size: A4; margin: 13mm; }
  :root { color-scheme: light; --paper: #fff; --card: #fff; --text: #111; --soft: #4a524e; --line: #d5d2ca; --accent: #00694d;
    --c0: #0072b2; --c1: #c77700; --c2: #008a66; --c3: #c84a00; --c4: #a84f86; --c5: #2f8fc4; --c6: #8a7a00; --c7: #9aa39e; --c8: #5b4bb0; --c9: #7a4b2a;
    --right: 0, 114, 178; --wrong: 213, 94, 0; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .pair { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  figure, .hero, .tiles div, dl.card > *, .scroll, tr, pre { break-inside: avoid; }
  h2, h2 + p, caption { break-after: avoid; }
  h2 { margin-top: 24px; }
  .scroll { overflow: visible; }
  table { font-size: 12px; }
  th, td { padding: 4px 8px; }
  code { font-size: 11px; }
  .matrix .cell { padding: 7px 4px; min-width: 58px; }
}
`;
