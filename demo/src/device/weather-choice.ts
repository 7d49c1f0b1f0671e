import type { Replication } from '../data/database.ts';
import { fromTemplate, partOf, setText, within } from '../dom.ts';
import type { Line } from '../line/line.ts';
import { WEATHERS, type Weather } from '../line/weather.ts';

const NAMES: { readonly [W in Weather]: { readonly name: string; readonly means: string } } = {
  clear: { name: 'Clear', means: 'nothing between this device and the server' },
  slow: { name: 'Slow', means: 'half a second for the way, 40 KB a second' },
  lossy: { name: 'Lossy', means: 'messages are lost and come late, and now and then the line breaks' },
  silent: { name: 'Silent', means: 'the line is there, but nobody answers' },
  cut: { name: 'Cut', means: 'there is no way to the server' },
  storm: { name: 'Storm', means: 'every connection breaks at once: five of them open the breaker' },
};

/** Lets the visitor choose the weather on a device's line. */
export function createWeatherChoice(root: HTMLElement, line: Line, sync: Replication): void {
  const box = partOf(root, 'weather', HTMLFieldSetElement);
  const group = `weather-${crypto.randomUUID()}`;
  const radios = WEATHERS.map((weather) => {
    const choice = fromTemplate('weather-template', HTMLLabelElement);
    const radio = within(choice, 'input', HTMLInputElement);
    radio.name = group;
    radio.value = weather;
    radio.dataset.testid = `weather-${weather}`;
    choice.title = NAMES[weather].means;
    choice.dataset.weather = weather;
    setText(within(choice, 'span', HTMLElement), NAMES[weather].name);
    radio.addEventListener('change', () => turn(weather));
    box.append(choice);
    return radio;
  });
  line.weather$.subscribe((weather) => {
    root.dataset.weather = weather;
    for (const radio of radios) radio.checked = radio.value === weather;
  });

  function turn(weather: Weather): void {
    const wasCut = line.weather === 'cut';
    line.turn(weather);
    // A real cable that is plugged in again makes the browser say so, and the library tries at once. Weather says nothing.
    if (wasCut) sync.retry();
  }
}
