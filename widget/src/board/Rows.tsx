/**
 * A long table of which only what is on screen is drawn. Rows are equally high; screen readers are
 * told how many there are and which these are.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Drawn above and below the window, so that a quick scroll shows no gap. */
const MARGIN = 6;

export interface Column {
  readonly key: string;
  readonly title: string;
  /** The title is heard, not seen. */
  readonly bare?: boolean;
}

export interface RowsProps<T> {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly kindOf: (row: T) => string;
  readonly cells: (row: T) => readonly ComponentChildren[];
  readonly rowPx: number;
}

export function Rows<T>(props: RowsProps<T>): JSX.Element {
  const { columns, rows, rowPx } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const whole = usePrinting();
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = (): void => setHeight(element.clientHeight || 600);
    look();
    const watching = new ResizeObserver(look);
    watching.observe(element);
    return () => watching.disconnect();
  }, []);
  const first = whole ? 0 : Math.max(0, Math.floor(top / rowPx) - MARGIN);
  const last = whole ? rows.length : Math.min(rows.length, Math.ceil((top + height) / rowPx) + MARGIN);
  return (
    <div
      class="b-table"
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
    >
      <div class="b-row b-head" role="row" aria-rowindex={1}>
        {columns.map((column) => (
          <div key={column.key} role="columnheader" class={`b-${column.key}`}>
            <span class={column.bare ? 'sr' : undefined}>{column.title}</span>
          </div>
        ))}
      </div>
      <div
        class="b-scroll"
        ref={box}
        role="rowgroup"
        tabIndex={0}
        aria-label={props.label}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div class="b-space" role="presentation" style={{ height: `${rows.length * rowPx}px` }}>
          {rows.slice(first, last).map((row, index) => (
            <div
              key={props.keyOf(row)}
              class={`b-row b-row-${props.kindOf(row)}`}
              role="row"
              aria-rowindex={first + index + 2}
              style={whole ? undefined : { top: `${(first + index) * rowPx}px`, height: `${rowPx}px` }}
            >
              {props.cells(row).map((cell, at) => (
                <div key={columns[at]?.key} role="cell" class={`b-${columns[at]?.key ?? ''}`}>
                  {cell}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

/** Paper gets every row. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  return printing;
}

/** How high a row is: on a narrow screen its cells stand in two lines. */
export function useRowPx(): number {
  const query = '(max-width: 720px)';
  const [narrow, setNarrow] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const look = (): void => setNarrow(media.matches);
    media.addEventListener('change', look);
    return () => media.removeEventListener('change', look);
  }, []);
  return narrow ? 104 : 48;
}
