/** Calls by hour, drawn with uPlot; fetched only by whoever looks at figures. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface ChartProps {
  readonly hours: readonly (readonly number[])[];
  readonly labels: readonly [string, string, string];
  readonly name: string;
}

const HEIGHT_PX = 220;
/** Answered, lost, outbound: their places in an hour's row. */
const SERIES = [1, 2, 3] as const;
const COLOURS = ['--accent', '--danger', '--muted'] as const;

export default function Chart({ hours, labels, name }: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colour = (variable: string): string => style.getPropertyValue(variable).trim();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
    };
    const drawn = new uPlot(
      {
        width: element.clientWidth || 320,
        height: HEIGHT_PX,
        scales: { x: { time: false, range: [-0.5, 23.5] } },
        axes: [axis, { ...axis, size: 40 }],
        legend: { live: false },
        cursor: { show: false },
        series: [
          {},
          ...SERIES.map((_, index) => ({
            label: labels[index] ?? '',
            stroke: colour(COLOURS[index] ?? '--text'),
            width: 2,
            points: { show: true, size: 6 },
          })),
        ],
      },
      dataOf(hours),
      element,
    );
    plot.current = drawn;
    const watching = new ResizeObserver(() => {
      drawn.setSize({ width: element.clientWidth || 320, height: HEIGHT_PX });
    });
    watching.observe(element);
    return () => {
      watching.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [labels[0]]);
  useEffect(() => plot.current?.setData(dataOf(hours)), [hours]);
  return <div class="b-chart" ref={box} role="img" aria-label={name} />;
}

function dataOf(hours: ChartProps['hours']): uPlot.AlignedData {
  return [
    hours.map((_, hour) => hour),
    ...SERIES.map((at) => hours.map((row) => row[at] ?? 0)),
  ] as unknown as uPlot.AlignedData;
}
