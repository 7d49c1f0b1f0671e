export interface WindowList<T> {
  /** `shift`: rows by which what is in sight has moved; the scroll position goes with it, so nothing jumps. */
  update(total: number, itemAt: (index: number) => T | undefined, shift: number): void;
  /** Draws again what is in sight. */
  redraw(): void;
  reveal(index: number): void;
  scrollToTop(): void;
}

export interface WindowListOptions<T> {
  /** Scrolls. */
  readonly viewport: HTMLElement;
  /** Inside the viewport; as high as all rows together. */
  readonly canvas: HTMLElement;
  readonly rowHeight: number;
  readonly keyOf: (item: T) => string;
  readonly createRow: () => HTMLElement;
  /** The row has left the document for good. */
  readonly dropRow: (row: HTMLElement) => void;
  /** `item` is undefined while it is being loaded. */
  readonly drawRow: (row: HTMLElement, item: T | undefined, index: number) => void;
  /** The rows from `first` to `last` are in sight. */
  readonly onSight: (first: number, last: number) => void;
}

/** Rows drawn above and below those in sight, so that a little scrolling shows no gap. */
const OVERSCAN = 6;

/** A list of any length of which only the rows in sight are in the document. */
export function createWindowList<T>(options: WindowListOptions<T>): WindowList<T> {
  const { viewport, canvas, rowHeight, keyOf, createRow, dropRow, drawRow, onSight } = options;
  const rowsByKey = new Map<string, HTMLElement>();
  let total = 0;
  let itemAt: (index: number) => T | undefined = () => undefined;
  let isDrawScheduled = false;

  viewport.addEventListener('scroll', onScroll, { passive: true });
  new ResizeObserver(onScroll).observe(viewport);

  function onScroll(): void {
    if (isDrawScheduled) return;
    isDrawScheduled = true;
    requestAnimationFrame(() => {
      isDrawScheduled = false;
      draw();
    });
  }

  function sight(): { first: number; last: number } {
    const first = Math.floor(viewport.scrollTop / rowHeight);
    const last = Math.ceil((viewport.scrollTop + viewport.clientHeight) / rowHeight);
    return { first: Math.min(first, Math.max(0, total - 1)), last };
  }

  function draw(): void {
    const { first, last } = sight();
    const unused = new Map(rowsByKey);
    const end = Math.min(total, last + OVERSCAN);
    const rows: HTMLElement[] = [];
    for (let index = Math.max(0, first - OVERSCAN); index < end; index++) rows.push(place(index, unused));
    for (const [key, row] of unused) {
      rowsByKey.delete(key);
      row.remove();
      dropRow(row);
    }
    putInOrder(rows);
    onSight(first, last);
  }

  function place(index: number, unused: Map<string, HTMLElement>): HTMLElement {
    const item = itemAt(index);
    const key = item === undefined ? `#${index}` : keyOf(item);
    const row = rowsByKey.get(key) ?? addRow(key);
    unused.delete(key);
    row.style.transform = `translateY(${index * rowHeight}px)`;
    row.ariaPosInSet = String(index + 1);
    row.ariaSetSize = String(total);
    drawRow(row, item, index);
    return row;
  }

  /** Whoever hears or walks the list meets the rows in the order in which they are seen. */
  function putInOrder(rows: readonly HTMLElement[]): void {
    let next = canvas.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else canvas.insertBefore(row, next);
    }
  }

  function addRow(key: string): HTMLElement {
    const row = createRow();
    rowsByKey.set(key, row);
    return row;
  }

  return {
    update(newTotal, newItemAt, shift) {
      total = newTotal;
      itemAt = newItemAt;
      canvas.style.height = `${total * rowHeight}px`;
      if (shift !== 0) viewport.scrollTop += shift * rowHeight;
      draw();
    },
    redraw: draw,
    reveal(index) {
      const top = index * rowHeight;
      const lowest = top + rowHeight - viewport.clientHeight;
      if (viewport.scrollTop > top) viewport.scrollTop = top;
      else if (viewport.scrollTop < lowest) viewport.scrollTop = lowest;
    },
    scrollToTop() {
      viewport.scrollTop = 0;
    },
  };
}
