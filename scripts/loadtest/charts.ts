/** One line of a chart: seconds and values. */
export interface Line {
  name: string;
  points: { at: number; value: number }[];
}

const WIDTH = 720;
const HEIGHT = 180;
const PAD = { left: 56, right: 12, top: 12, bottom: 24 };
const COLOURS = ['#2f6fde', '#d9822b', '#2b9a66', '#b33a8c'];

/** A chart as SVG, with nothing from elsewhere. Empty where there is nothing to draw. */
export function drawChart(title: string, unit: string, lines: readonly Line[]): string {
  const drawn = lines.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return '';
  const all = drawn.flatMap(({ points }) => points);
  const from = Math.min(...all.map(({ at }) => at));
  const to = Math.max(from + 1, ...all.map(({ at }) => at));
  const top = niceTop(Math.max(...all.map(({ value }) => value)));
  const x = (at: number) => PAD.left + ((at - from) / (to - from)) * (WIDTH - PAD.left - PAD.right);
  const y = (value: number) => HEIGHT - PAD.bottom - (value / top) * (HEIGHT - PAD.top - PAD.bottom);
  const paths = drawn.map(({ points }, at) => {
    const d = points.map((point, n) => `${n === 0 ? 'M' : 'L'}${round(x(point.at))} ${round(y(point.value))}`).join('');
    return `<path d="${d}" fill="none" stroke="${COLOURS[at % COLOURS.length]}" stroke-width="1.5"/>`;
  });
  const marks = [0, top / 2, top].map(
    (value) =>
      `<line x1="${PAD.left}" x2="${WIDTH - PAD.right}" y1="${y(value)}" y2="${y(value)}" class="grid"/>` +
      `<text x="${PAD.left - 6}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3)).toLocaleString('en-US')}</text>`,
  );
  const seconds = [from, to].map(
    (at) => `<text x="${x(at)}" y="${HEIGHT - 6}" text-anchor="${at === from ? 'start' : 'end'}">${round(at)} s</text>`,
  );
  const legend = drawn
    .map(({ name }, at) => `<span style="color:${COLOURS[at % COLOURS.length]}">${escapeHtml(name)}</span>`)
    .join(' · ');
  return (
    `<figure><figcaption><b>${escapeHtml(title)}</b> (${escapeHtml(unit)}) ${legend}</figcaption>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${[...marks, ...seconds, ...paths].join('')}</svg></figure>`
  );
}

/** The next of 1, 2, 5, 10, 20 … */
function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) as number) * power;
}

const round = (value: number): number => Math.round(value * 10) / 10;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
