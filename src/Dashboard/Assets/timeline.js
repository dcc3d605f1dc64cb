// @ts-check
// The page Timeline: keys for the links that move and zoom, dragging, a card for the bar under pointer or focus, and
// bars of running runs that grow.

import { isMotionReduced, make } from './ui.js';
import { duration } from './stream.js';

const links = { '[': 'earlier', ']': 'later', '+': 'closer', '-': 'wider' };
const minutes = 60_000;
const shortest = 10 * minutes;
const longest = 31 * 24 * 60 * minutes;
// A pointer that moves less is a click.
const minDrag = 5;
const hideDelay = 200;
const growInterval = 1_000;
const reducedInterval = 60_000;

document.addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (document.documentElement.dataset.keys !== 'on' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches('input, textarea, select') || !(event.key in links)) return;
  document.getElementById(links[/** @type {keyof typeof links} */ (event.key)])?.click();
});

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
showCards();
allowDragging();
setInterval(grow, growInterval);
// A span in the past does not change.
if (main.dataset.stream) void import('./fresh.js');

let grownAt = performance.now();

/** Lets the bars of running runs, and the line of the current time, follow the clock. */
function grow() {
  const table = /** @type {HTMLElement | null} */ (document.querySelector('.timeline'));
  if (!table || document.hidden || document.body.dataset.live === 'paused') return;
  if (isMotionReduced() && performance.now() - grownAt < reducedInterval) return;
  grownAt = performance.now();
  const { from, to, width } = spanOf(table);
  const now = Math.min(Math.max((Date.now() - from) / (to - from), 0), 1) * width;
  for (const link of table.querySelectorAll('a[data-grows]')) {
    for (const [selector, shortest] of /** @type {[string, number][]} */ ([['.block', 24], ['.part', 3]])) {
      const bar = link.querySelector(selector);
      const length = now - Number(bar?.getAttribute('x'));
      // A clock that is behind that of the service does not make bars shorter.
      const longest = Math.max(length, shortest, Number(bar?.getAttribute('width')));
      bar?.setAttribute('width', longest.toFixed(1));
    }
  }
  for (const line of table.querySelectorAll('line.now')) {
    line.setAttribute('x1', now.toFixed(1));
    line.setAttribute('x2', now.toFixed(1));
  }
}

/** @param {HTMLElement} table */
function spanOf(table) {
  const { from = '', to = '', width } = table.dataset;
  return { from: Date.parse(from), to: Date.parse(to), width: Number(width) };
}

// The table may be renewed at any time, so the page itself listens.
function showCards() {
  const card = make('div', { class: 'card', 'aria-hidden': 'true', hidden: '' });
  document.body.append(card);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hide = () => {
    clearTimeout(timer);
    card.hidden = true;
  };
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, hideDelay);
  };
  /** @param {Event} event */
  const show = event => {
    const link = /** @type {Element} */ (event.target).closest('.timeline .bars a');
    if (!link) return;
    clearTimeout(timer);
    // The card replaces the tooltip of the browser.
    link.querySelector('title')?.remove();
    const since = /** @type {SVGElement} */ (link).dataset.since;
    const parts = partsOf(link.getAttribute('aria-label') ?? '');
    if (since && document.body.dataset.live !== 'paused') {
      parts[3] = `for ${duration(Math.max(0, Date.now() - Date.parse(since)) / 1000)}`;
      link.setAttribute('aria-label', parts.join('; '));
    }
    const [name, ...rest] = parts;
    card.replaceChildren(make('p', {}, make('strong', {}, make('bdi', {}, name))), ...rest.map(t => make('p', {}, t)));
    card.hidden = false;
    const bar = link.getBoundingClientRect();
    const left = Math.min(Math.max(bar.left, 8), innerWidth - card.offsetWidth - 8);
    const isBelow = bar.bottom + card.offsetHeight + 12 < innerHeight;
    card.style.left = `${Math.max(left, 8)}px`;
    card.style.top = `${isBelow ? bar.bottom + 6 : bar.top - card.offsetHeight - 6}px`;
  };
  main.addEventListener('pointerover', show);
  main.addEventListener('focusin', show);
  main.addEventListener('pointerout', hideSoon);
  main.addEventListener('focusout', hideSoon);
  // The pointer may move onto the card, for example to select a name.
  card.addEventListener('pointerenter', () => clearTimeout(timer));
  card.addEventListener('pointerleave', hideSoon);
  document.addEventListener('scroll', hide, { capture: true, passive: true });
  // The key Escape closes the card before it leaves the page.
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || card.hidden) return;
    hide();
    event.stopPropagation();
  }, { capture: true });
}

/** The four parts of the name of a bar. The name of a run may contain the separator. @param {string} label */
function partsOf(label) {
  const parts = label.split('; ');
  return [parts.slice(0, -3).join('; '), ...parts.slice(-3)];
}

function allowDragging() {
  const brush = make('div', { class: 'brush', hidden: '' });
  /** @type {{ table: HTMLElement, pointer: number, x: number, left: number, isMove: boolean } | undefined} */
  let drag;
  const end = () => {
    drag = undefined;
    shift(0);
    brush.hidden = true;
    // The table is not renewed while it is dragged.
    delete document.body.dataset.dragging;
  };
  /** @param {number} pixels */
  const shift = pixels => {
    for (const svg of /** @type {NodeListOf<SVGElement>} */ (document.querySelectorAll('.timeline svg.bars'))) {
      svg.style.transform = pixels === 0 ? '' : `translateX(${pixels}px)`;
    }
  };
  main.addEventListener('pointerdown', event => {
    const target = /** @type {Element} */ (event.target);
    const table = /** @type {HTMLElement | null} */ (target.closest('.timeline'));
    const svg = target.closest('td')?.querySelector('svg.bars');
    // A finger scrolls.
    if (!table || !svg || event.button !== 0 || event.pointerType === 'touch' || target.closest('a')) return;
    drag = {
      table, pointer: event.pointerId, x: event.clientX, left: svg.getBoundingClientRect().left,
      isMove: target.closest('.axis-row') !== null,
    };
    table.parentElement?.append(brush);
    table.setPointerCapture(event.pointerId);
    document.body.dataset.dragging = 'yes';
  });
  main.addEventListener('pointermove', event => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const length = event.clientX - drag.x;
    if (drag.isMove) {
      shift(length);
    } else if (Math.abs(length) >= minDrag) {
      const scroll = /** @type {HTMLElement} */ (drag.table.parentElement);
      const left = Math.min(drag.x, event.clientX) - scroll.getBoundingClientRect().left + scroll.scrollLeft;
      brush.style.left = `${left}px`;
      brush.style.width = `${Math.abs(length)}px`;
      brush.style.height = `${drag.table.offsetHeight}px`;
      brush.hidden = false;
    }
  });
  main.addEventListener('pointerup', event => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { table, x, left, isMove } = drag;
    const { from, to, width } = spanOf(table);
    const msPerPixel = (to - from) / width;
    const timeAt = (/** @type {number} */ pixels) => Math.min(Math.max(from + pixels * msPerPixel, from), to);
    const length = event.clientX - x;
    if (Math.abs(length) < minDrag) end();
    else if (isMove) show(from - length * msPerPixel, to - length * msPerPixel);
    else show(timeAt(Math.min(x, event.clientX) - left), timeAt(Math.max(x, event.clientX) - left));
    // What is marked stays until the next page.
    drag = undefined;
  });
  main.addEventListener('pointercancel', end);
  // A page that comes back is as before the drag.
  addEventListener('pageshow', end);
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !drag) return;
    end();
    event.stopPropagation();
  }, { capture: true });

  /** @param {number} begin @param {number} end */
  function show(begin, end) {
    const length = Math.min(Math.max(end - begin, shortest), longest);
    const middle = (begin + end) / 2;
    const url = new URL(location.href);
    const iso = (/** @type {number} */ time) => new Date(Math.round(time / 1_000) * 1_000).toISOString();
    url.searchParams.set('from', iso(middle - length / 2));
    url.searchParams.set('to', iso(middle + length / 2));
    url.hash = '';
    location.assign(url);
  }
}
