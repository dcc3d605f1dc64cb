// @ts-check
// Updates the rows of the page of runs in place, and counts the runs that the page does not show.

import { announce, showTimes } from './ui.js';
import { Follower, bindControls, duration, label } from './stream.js';

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const notice = document.getElementById('new');
/** @type {Set<string>} */
const unseen = new Set();
let tooMany = 0;

/** @param {any} entry */
function apply(entry) {
  const row = document.querySelector(`tr[data-run="${CSS.escape(entry.id)}"]`);
  if (!(row instanceof HTMLTableRowElement)) {
    if (!entry['@removed']) unseen.add(entry.id);
    return;
  }
  row.classList.toggle('removed', '@removed' in entry);
  if ('@removed' in entry) return;
  row.cells[0].replaceChildren(label(entry.status));
  if (entry.status === 'running') {
    row.dataset.start = entry.startDateTime;
  } else {
    delete row.dataset.start;
    if (entry.endDateTime) {
      row.cells[3].textContent = duration((Date.parse(entry.endDateTime) - Date.parse(entry.startDateTime)) / 1000);
      const time = document.createElement('time');
      time.dateTime = entry.endDateTime;
      row.cells[4].replaceChildren(time);
      showTimes(row.cells[4]);
    }
  }
}

function showCount() {
  const count = unseen.size + tooMany;
  if (!notice || count === 0) return;
  const link = notice.querySelector('a');
  const words = `${tooMany > 0 ? 'More than ' : ''}${count} new or changed — show`;
  if (link) link.textContent = words;
  notice.hidden = false;
  announce(words);
}

setInterval(() => {
  for (const row of /** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll('tr[data-start]'))) {
    row.cells[3].textContent = duration((Date.now() - Date.parse(row.dataset.start ?? '')) / 1000);
  }
}, 1_000);
document.addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === '.' && document.documentElement.dataset.keys === 'on' && !target.matches('input, textarea')) {
    if (notice && !notice.hidden) notice.querySelector('a')?.click();
  }
});
bindControls(new Follower(main.dataset.stream ?? '', {
  onRuns(entries) {
    for (const entry of entries) apply(entry);
    showCount();
  },
  onMany(count) {
    tooMany += count;
    showCount();
  },
  onReset() {
    tooMany++;
    showCount();
  },
}));
