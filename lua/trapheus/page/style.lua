--- The style sheet of the page: by day, by night, on a phone and on paper.
return [[
:root { color-scheme: light dark; --ink: #1c1f24; --soft: #58606c; --paper: #fff; --line: #d5dae1; --track: #eef1f4;
  --good: #1a6e35; --bad: #b3261e; --warn: #8a5300;
  --preflight: #8d99a8; --lock: #a7b0bb; --fence: #6a7f9c; --snapshot: #2f7fbf; --export: #6d8a1f; --rename: #c77d0a;
  --restore: #2a9d5c; --configure: #7a5cc4; --verify: #10828c; --delete: #a1527f; --finish: #6b7480;
  --other: #7b6a55; --undo: #c2402f; --outage: #1c1f24; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a6afbc; --paper: #15181c;
  --line: #363d47; --track: #23282f; --good: #6fd08c; --bad: #ff8b80; --warn: #f0b45b; --outage: #fff; --lock: #77818e;
  --finish: #9aa4b0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul { margin: .25rem 0; overflow-wrap: anywhere; } ul { padding-left: 1.25rem; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.counts, .legend, .runs { list-style: none; padding: 0; } .counts li, .legend li { display: inline-block;
  margin-right: 1rem; }
.legend svg { width: .8rem; height: .8rem; vertical-align: -.05rem; margin-right: .35rem; }
.runs > li { border-top: 1px solid var(--line); } .runs > li:last-child { border-bottom: 1px solid var(--line); }
summary { display: grid; grid-template-columns: minmax(9rem, 14rem) 7rem 1fr 6.5rem; gap: .25rem 1rem;
  align-items: center; padding: .5rem .25rem; cursor: pointer; }
summary::-webkit-details-marker { display: none; }
summary:focus-visible { outline: 2px solid var(--snapshot); outline-offset: -2px; }
summary b { overflow-wrap: anywhere; } .took { text-align: right; }
svg.bar { display: block; width: 100%; height: 1.75rem; } .track { fill: var(--track); }
  .outage { fill: var(--outage); }
.s-preflight { fill: var(--preflight); } .s-lock { fill: var(--lock); } .s-fence { fill: var(--fence); }
.s-snapshot { fill: var(--snapshot); } .s-export { fill: var(--export); } .s-rename { fill: var(--rename); }
.s-restore { fill: var(--restore); }
.s-configure { fill: var(--configure); } .s-verify { fill: var(--verify); } .s-delete { fill: var(--delete); }
.s-finish { fill: var(--finish); } .s-other { fill: var(--other); } .s-undo { fill: var(--undo); }
.inside { padding: 0 .25rem 1rem; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem;
  margin: .25rem 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left;
  padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td { overflow-wrap: break-word; } td:first-child { overflow-wrap: anywhere; min-width: 6rem; }
  code { font: .9em ui-monospace, monospace; }
@media (max-width: 46rem) { summary { grid-template-columns: 1fr auto; } summary svg { grid-column: 1 / -1;
  grid-row: 2; }
  summary .took { grid-column: 1 / -1; grid-row: 3; text-align: left; } dl { grid-template-columns: 1fr; }
  dd { margin-bottom: .35rem; } }
@media print { :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 11px; }
  summary, tr { break-inside: avoid; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
]]
