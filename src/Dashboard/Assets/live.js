// @ts-check
// The live page: changes newest first, and what runs now.

import { announce, make, showTimes } from './ui.js';
import { Follower, bindControls, duration, label, wordOf } from './stream.js';

const maxChanges = 500;
const speedWindow = 5 * 60_000;
const page = /** @type {HTMLElement} */ (document.getElementById('live'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const running = /** @type {HTMLElement} */ (document.getElementById('running'));
const changes = /** @type {HTMLElement} */ (document.getElementById('changes'));
/** @type {{ at: number, status: string, count: number }[]} */
let seen = [];

/** @param {string} time */
function timeCell(time) {
  return make('td', {}, make('time', { datetime: time }, time));
}

/** @param {any} run */
function nameCell(run) {
  const link = make('a', { href: page.dataset.runUrl + run.id }, make('bdi', {}, run.displayName));
  return make('th', { scope: 'row', class: 'name' }, link);
}

/**
 * When the runs of the list have changed, and their last version. @type {Map<string, { at: number, version: string }>}
 */
const known = new Map();

/** @param {any} entry A changed or removed run. */
function apply(entry) {
  // Of each changed run that the filter does not select, the stream says that it was removed.
  if (entry['@removed'] && entry['@removed'].reason !== 'deleted') return;
  // The stream may send a change twice.
  const version = entry['@removed'] ? 'deleted' : entry['@odata.etag'];
  if (known.get(entry.id)?.version === version) return;
  known.delete(entry.id);
  known.set(entry.id, { at: performance.now(), version });
  if (known.size > 2 * maxChanges) known.delete(known.keys().next().value ?? '');
  seen.push({ at: Date.now(), status: entry['@removed'] ? 'Deleted' : entry.status, count: 1 });
  running.querySelector(`[data-run="${CSS.escape(entry.id)}"]`)?.remove();
  const now = new Date().toISOString();
  let row;
  if (entry['@removed']) {
    row = make('tr', {}, timeCell(now), make('td', {}, 'Deleted'), make('th', { scope: 'row' }, entry.id),
      make('td', {}), make('td', {}));
  } else {
    row = make('tr', { 'data-run': entry.id }, timeCell(now), make('td', {}, label(entry.status)), nameCell(entry),
      timeCell(entry.startDateTime), make('td', {}, entry.blockingError?.code ?? ''));
    if (entry.status === 'running') {
      const active = make('tr', { 'data-run': entry.id, 'data-start': entry.startDateTime },
        make('td', {}, label(entry.status)), nameCell(entry), timeCell(entry.startDateTime),
        make('td', { class: 'number' }));
      showTimes(active);
      running.prepend(active);
    }
  }
  showTimes(row);
  changes.prepend(row);
  while (changes.childElementCount > maxChanges) changes.lastElementChild?.remove();
}

function tick() {
  const now = Date.now();
  seen = seen.filter(entry => now - entry.at < speedWindow);
  const count = seen.reduce((sum, entry) => sum + entry.count, 0);
  text('speed', `${(count / (speedWindow / 1000)).toFixed(2)} changes/s over 5 minutes`);
  const counts = new Map();
  for (const entry of seen.filter(e => now - e.at < 60_000)) {
    counts.set(entry.status, (counts.get(entry.status) ?? 0) + entry.count);
  }
  const words = [...counts].map(([status, number]) => `${number} × ${wordOf(status)}`);
  text('minute', words.length > 0 ? `In the last minute: ${words.join(', ')}` : 'No change in the last minute');
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (running.querySelectorAll('tr[data-start]'))) {
    const cell = row.lastElementChild;
    if (cell) cell.textContent = duration((now - Date.parse(row.dataset.start ?? '')) / 1000);
  }
}

/** @param {string} id @param {string} words */
function text(id, words) {
  const element = document.getElementById(id);
  if (element && element.textContent !== words) element.textContent = words;
}

// The stream is open before the list is read, so that no change lies between the two.
async function readRunning() {
  const url = new URL((main.dataset.stream ?? '').replace('/delta', ''), location.href);
  url.searchParams.set('$filter', "status eq 'running'");
  url.searchParams.set('$top', '100');
  const started = performance.now();
  const response = await fetch(url, { cache: 'no-store' });
  if (!response.ok) return;
  const hasChanged = (/** @type {string | null} */ id) => (known.get(id ?? '')?.at ?? 0) > started;
  const listed = new Set();
  for (const run of (await response.json()).value.reverse()) {
    listed.add(run.id);
    if (hasChanged(run.id) || running.querySelector(`[data-run="${CSS.escape(run.id)}"]`)) continue;
    const row = make('tr', { 'data-run': run.id, 'data-start': run.startDateTime }, make('td', {}, label(run.status)),
      nameCell(run), timeCell(run.startDateTime), make('td', { class: 'number' }));
    showTimes(row);
    running.prepend(row);
  }
  for (const row of [...running.querySelectorAll('tr[data-run]')]) {
    const id = row.getAttribute('data-run');
    if (!listed.has(id) && !hasChanged(id)) row.remove();
  }
}

const follower = new Follower(main.dataset.stream ?? '', {
  onRuns(entries, isCatchUp) {
    for (const entry of entries) apply(entry);
    if (isCatchUp && entries.length > 1) text('state', `live; caught up, ${entries.length} changes`);
    tick();
  },
  onMany(count) {
    seen.push({ at: Date.now(), status: 'changes too many to list', count });
    void readRunning();
    tick();
  },
  onReset() {
    location.reload();
  },
  onState(state) {
    announce(state);
    if (state === 'live' || state === 'polling') void readRunning();
  },
});

bindControls(follower);
setInterval(tick, 1_000);
tick();
if (document.body.classList.contains('wall')) {
  const wake = () => navigator.wakeLock?.request('screen').catch(() => undefined);
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  wake();
}
