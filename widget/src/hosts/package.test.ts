/** The amoCRM package against the platform's rules and against the frame it speaks to. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BRIDGE_VERSION } from './bridge';

const ROOM = new URL('../../amocrm/', import.meta.url);
const modules = ['script.js', ...readdirSync(new URL('lib/', ROOM)).map((name) => `lib/${name}`)];
const script = modules.map((name) => readFileSync(new URL(name, ROOM), 'utf8')).join('');
const texts = (locale: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(new URL(`i18n/${locale}.json`, ROOM), 'utf8')) as Record<
    string,
    Record<string, string>
  >;

/** What a module of the package gives to those that name it. */
function loaded(name: string): Record<string, (value: unknown) => unknown> {
  let given: unknown;
  const define = (_needs: string[], make: () => unknown): void => {
    given = make();
  };
  const text = readFileSync(new URL(name, ROOM), 'utf8');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the platform's loader does it
  const run = new Function('define', text) as (given: typeof define) => void;
  run(define);
  return given as Record<string, (value: unknown) => unknown>;
}

const shape = (tree: Record<string, Record<string, string>>): string[] =>
  Object.entries(tree).flatMap(([part, values]) => Object.keys(values).map((key) => `${part}.${key}`));

describe('the package', () => {
  it('speaks the version of the bridge the frame speaks', () => {
    expect(script).toContain(`var BRIDGE_VERSION = ${BRIDGE_VERSION};`);
  });

  it.each(['eval(', 'console.', "createElement('script')", 'innerHTML +=', "postMessage('*'", "'*'"])(
    'does not contain %s',
    (forbidden) => {
      expect(script).not.toContain(forbidden);
    },
  );

  it('has the same texts in every language', () => {
    expect(shape(texts('en'))).toEqual(shape(texts('ru')));
  });

  it('has a text for every word the script uses', () => {
    const used = [...script.matchAll(/\bwords(?:\(\))?\.(\w+)/g)].map(([, word]) => word);
    expect(Object.keys(texts('ru')['userLang'] ?? {})).toEqual(expect.arrayContaining(used));
    expect(used.length).toBeGreaterThan(3);
  });

  it.each([
    ['logo', 130, 100],
    ['logo_main', 400, 272],
    ['logo_medium', 240, 84],
    ['logo_min', 84, 84],
    ['logo_small', 108, 108],
    ['tour_1', 1188, 616],
  ])('has %s in the size the platform asks for', (name, width, height) => {
    const png = readFileSync(new URL(`images/${name}.png`, ROOM));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
    expect(png.length).toBeLessThan(300_000);
  });

  it('is written without a byte order mark and with plain line ends', () => {
    expect(script.startsWith('\ufeff')).toBe(false);
    expect(script).not.toContain('\r');
  });

  it.each([
    ['+7 (495) 111-22-33', '+74951112233', null],
    ['+7 495 111-22-33 доб. 214', '+74951112233', '214'],
    ['8 (495) 111-22-33, вн. 21-4', '84951112233', '214'],
    ['84951112233,,2,14', '84951112233', ',,2,14'],
    ['tel:+74951112233;ext=214', '+74951112233', '214'],
    ['+1 212 555 0100 x17', '+12125550100', '17'],
    ['+1 212 555 0100 ext 17', '+12125550100', '17'],
    ['101', '101', null],
    ['*72#', '*72#', null],
    ['84951112233,', '84951112233', null],
    ['', '', null],
    [undefined, '', null],
  ])('reads the clicked %s as %s and the extension %s', (value, number, extension) => {
    expect(loaded('lib/page.js')['numberOf']?.(value)).toEqual({ number, extension });
  });
});
