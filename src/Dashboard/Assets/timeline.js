// @ts-check
// The page Timeline: keys for the links that move and zoom, dragging, and a card for the bar under pointer or focus.

import { make } from './ui.js';

const links = { '[': 'earlier', ']': 'later', '+': 'closer', '-': 'wider' };
const minutes = 60_000;
const shortest = 10 * minutes;
const longest = 31 * 24 * 60 * minutes;
// A pointer that moves less is a click.
const minDrag = 5;
const hideDelay = 200;

document.addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (document.documentElement.dataset.keys !== 'on' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches('input, textarea, select') || !(event.key in links)) return;
  document.getElementById(links[/** @type {keyof typeof links} */ (event.key)])?.click();
});

const table = /** @type {HTMLElement | null} */ (document.querySelector('.timeline'));
if (table) {
  showCards(table);
  allowDragging(table);
}

/** @param {HTMLElement} table */
function showCards(table) {
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
    const link = /** @type {Element} */ (event.target).closest('.bars a');
    if (!link) return;
    clearTimeout(timer);
    // The card replaces the tooltip of the browser.
    link.querySelector('title')?.remove();
    const [name, ...rest] = partsOf(link.getAttribute('aria-label') ?? '');
    card.replaceChildren(make('p', {}, make('strong', {}, make('bdi', {}, name))), ...rest.map(t => make('p', {}, t)));
    card.hidden = false;
    const bar = link.getBoundingClientRect();
    const left = Math.min(Math.max(bar.left, 8), innerWidth - card.offsetWidth - 8);
    const isBelow = bar.bottom + card.offsetHeight + 12 < innerHeight;
    card.style.left = `${Math.max(left, 8)}px`;
    card.style.top = `${isBelow ? bar.bottom + 6 : bar.top - card.offsetHeight - 6}px`;
  };
  table.addEventListener('pointerover', show);
  table.addEventListener('focusin', show);
  table.addEventListener('pointerout', hideSoon);
  table.addEventListener('focusout', hideSoon);
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

/** @param {HTMLElement} table */
function allowDragging(table) {
  const [from, to] = [Date.parse(table.dataset.from ?? ''), Date.parse(table.dataset.to ?? '')];
  const msPerPixel = (to - from) / Number(table.dataset.width);
  const scroll = /** @type {HTMLElement} */ (table.parentElement);
  const brush = make('div', { class: 'brush', hidden: '' });
  scroll.append(brush);
  table.classList.add('draggable');
  /** @type {{ pointer: number, x: number, left: number, isMove: boolean } | undefined} */
  let drag;
  const end = () => {
    drag = undefined;
    brush.hidden = true;
    shift(0);
  };
  /** @param {number} pixels */
  const shift = pixels => {
    for (const svg of /** @type {NodeListOf<SVGElement>} */ (table.querySelectorAll('svg.bars'))) {
      svg.style.transform = pixels === 0 ? '' : `translateX(${pixels}px)`;
    }
  };
  table.addEventListener('pointerdown', event => {
    const target = /** @type {Element} */ (event.target);
    const svg = target.closest('td')?.querySelector('svg.bars');
    // A finger scrolls.
    if (!svg || event.button !== 0 || event.pointerType === 'touch' || target.closest('a')) return;
    drag = {
      pointer: event.pointerId, x: event.clientX, left: svg.getBoundingClientRect().left,
      isMove: target.closest('.axis-row') !== null,
    };
    table.setPointerCapture(event.pointerId);
  });
  table.addEventListener('pointermove', event => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const length = event.clientX - drag.x;
    if (drag.isMove) {
      shift(length);
    } else if (Math.abs(length) >= minDrag) {
      const left = Math.min(drag.x, event.clientX) - scroll.getBoundingClientRect().left + scroll.scrollLeft;
      brush.style.left = `${left}px`;
      brush.style.width = `${Math.abs(length)}px`;
      brush.style.height = `${table.offsetHeight}px`;
      brush.hidden = false;
    }
  });
  table.addEventListener('pointerup', event => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { x, left, isMove } = drag;
    const length = event.clientX - x;
    if (Math.abs(length) < minDrag) end();
    else if (isMove) show(from - length * msPerPixel, to - length * msPerPixel);
    else show(timeAt(Math.min(x, event.clientX) - left), timeAt(Math.max(x, event.clientX) - left));
    drag = undefined;
  });
  table.addEventListener('pointercancel', end);
  // A page that comes back is as before the drag.
  addEventListener('pageshow', end);
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !drag) return;
    end();
    event.stopPropagation();
  }, { capture: true });

  /** @param {number} pixels */
  function timeAt(pixels) {
    return Math.min(Math.max(from + pixels * msPerPixel, from), to);
  }

  /** @param {number} begin @param {number} end */
  function show(begin, end) {
    const length = Math.min(Math.max(end - begin, shortest), longest);
    const middle = (begin + end) / 2;
    const url = new URL(location.href);
    const iso = (/** @type {number} */ time) => new Date(Math.round(time / 1_000) * 1_000).toISOString();
    url.searchParams.set('from', iso(middle - length / 2));
    url.searchParams.set('to', iso(middle + length / 2));
    location.assign(url);
  }
}
