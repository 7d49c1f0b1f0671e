export interface SketchOptions {
  /** The same seed paints the same picture. */
  readonly seed: string;
  readonly title: string;
}

const WIDTH = 1800;
const HEIGHT = 1200;
const HORIZON = 690;

/** Sky at the top, sky at the horizon, far hills, near hills, water, sun. */
const HOURS = [
  ['#7fb2cf', '#eef1e4', '#9db4bd', '#4d6b6d', '#5f93a6', '#fff6d8'],
  ['#34506e', '#f0b98d', '#8b7f95', '#39404f', '#5d7288', '#ffe0a8'],
  ['#a9bfc4', '#e6e4d8', '#b3bcb8', '#6f7f78', '#8aa3a4', '#fbf6e6'],
  ['#1d2d4a', '#4a6a8c', '#33476a', '#16233c', '#253e5e', '#f3ecd0'],
  ['#c98a8f', '#f6dcae', '#a98a9c', '#5b4f66', '#8d7f99', '#fff0c4'],
] as const;

/** A painted view of the sea, for whoever has no photo at hand. */
export async function paintSketch({ seed, title }: SketchOptions): Promise<File> {
  const random = createRandom(seed);
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas to paint on');
  const [top, low, far, near, water, sun] = HOURS[Math.floor(random() * HOURS.length)] ?? HOURS[0];
  paintSky(context, random, top, low, sun);
  for (let ridge = 0; ridge < 3; ridge++) {
    paintRidge(context, random, ridge === 2 ? near : far, HORIZON - 190 + ridge * 70, 120 - ridge * 25);
  }
  paintWater(context, random, water, low);
  paintBoat(context, 300 + random() * 1200, 800 + random() * 160, near);
  paintGrain(context, random);
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
  return new File([blob], `${title || 'sketch'}.jpg`, { type: blob.type });
}

type Context = OffscreenCanvasRenderingContext2D;
type Random = () => number;

function paintSky(context: Context, random: Random, top: string, low: string, sun: string): void {
  const sky = context.createLinearGradient(0, 0, 0, HORIZON);
  sky.addColorStop(0, top);
  sky.addColorStop(1, low);
  context.fillStyle = sky;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const x = 260 + random() * 1280;
  const y = 160 + random() * 330;
  for (const [radius, alpha] of [
    [230, 0.12],
    [130, 0.22],
    [62, 0.95],
  ] as const) {
    context.globalAlpha = alpha;
    context.fillStyle = sun;
    context.beginPath();
    context.arc(x, y, radius, 0, Math.PI * 2);
    context.fill();
  }
  for (let cloud = 0; cloud < 7; cloud++) {
    context.globalAlpha = 0.1 + random() * 0.14;
    context.fillStyle = '#fff';
    context.beginPath();
    context.ellipse(random() * WIDTH, 80 + random() * 420, 160 + random() * 340, 12 + random() * 34, 0, 0, Math.PI * 2);
    context.fill();
  }
  context.globalAlpha = 1;
}

function paintRidge(context: Context, random: Random, color: string, height: number, rough: number): void {
  const phases = [0.0021, 0.0052, 0.0127].map((pace) => ({ pace, at: random() * 9 }));
  context.globalAlpha = 0.72;
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(0, HORIZON + 6);
  for (let x = 0; x <= WIDTH; x += 6) {
    const waves = phases.map(({ pace, at }, octave) => Math.sin(x * pace + at) / (octave + 1));
    context.lineTo(x, Math.min(HORIZON + 6, height - rough * waves.reduce((sum, wave) => sum + wave, 0)));
  }
  context.lineTo(WIDTH, HORIZON + 6);
  context.fill();
  context.globalAlpha = 1;
}

function paintWater(context: Context, random: Random, water: string, light: string): void {
  const sea = context.createLinearGradient(0, HORIZON, 0, HEIGHT);
  sea.addColorStop(0, light);
  sea.addColorStop(0.22, water);
  sea.addColorStop(1, water);
  context.fillStyle = sea;
  context.fillRect(0, HORIZON, WIDTH, HEIGHT - HORIZON);
  for (let stroke = 0; stroke < 420; stroke++) {
    const depth = random();
    const y = HORIZON + 8 + depth * depth * (HEIGHT - HORIZON);
    const length = 24 + depth * 220 * random();
    context.globalAlpha = 0.06 + random() * 0.16;
    context.strokeStyle = random() < 0.55 ? light : '#123';
    context.lineWidth = 1 + depth * 5;
    const x = random() * WIDTH;
    context.beginPath();
    context.moveTo(x, y);
    context.quadraticCurveTo(x + length / 2, y - 3 - depth * 7, x + length, y);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintBoat(context: Context, x: number, y: number, hull: string): void {
  context.fillStyle = hull;
  context.beginPath();
  context.moveTo(x - 62, y);
  context.quadraticCurveTo(x, y + 44, x + 70, y - 4);
  context.fill();
  context.fillStyle = '#fbf7ea';
  context.beginPath();
  context.moveTo(x, y - 8);
  context.lineTo(x, y - 150);
  context.lineTo(x + 74, y - 14);
  context.fill();
  context.fillStyle = '#a3195b';
  context.beginPath();
  context.moveTo(x - 8, y - 12);
  context.lineTo(x - 8, y - 112);
  context.lineTo(x - 52, y - 16);
  context.fill();
}

/** As paper has it; without it the picture would be far smaller than a photo. */
function paintGrain(context: Context, random: Random): void {
  const image = context.getImageData(0, 0, WIDTH, HEIGHT);
  for (let i = 0; i < image.data.length; i += 4) {
    const grain = (random() - 0.5) * 16;
    for (let channel = 0; channel < 3; channel++) image.data[i + channel] = (image.data[i + channel] ?? 0) + grain;
  }
  context.putImageData(image, 0, 0);
}

/** Numbers in [0, 1) that follow from the seed: mulberry32 over a hash of it. */
function createRandom(seed: string): Random {
  let state = 2166136261;
  for (const letter of seed) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
