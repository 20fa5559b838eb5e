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
function loaded(name: string, ...needs: unknown[]): Record<string, (value: unknown) => unknown> {
  let given: unknown;
  const define = (_needs: string[], make: (...needs: unknown[]) => unknown): void => {
    given = make(...needs);
  };
  const text = readFileSync(new URL(name, ROOM), 'utf8');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the platform's loader does it
  const run = new Function('define', text) as (given: typeof define) => void;
  run(define);
  return given as Record<string, (value: unknown) => unknown>;
}

interface InPage {
  readonly voice: { begin(module: unknown, port: unknown): void; end(): void };
  readonly asked: string[];
  readonly arrive: (module: unknown) => void;
  readonly fail: () => void;
}

/** The voice in the page, and the page's loader in the test's hands. */
function inPage(server: string): InPage {
  const asked: string[] = [];
  let arrive: (module: unknown) => void = () => undefined;
  let fail: () => void = () => undefined;
  const require = ([name]: string[], done: typeof arrive, failed: typeof fail): void => {
    asked.push(name ?? '');
    [arrive, fail] = [done, failed];
  };
  const Voice = loaded('lib/voice.js', require) as unknown as new (server: string) => InPage['voice'];
  return { voice: new Voice(server), asked, arrive: (module) => arrive(module), fail: () => fail() };
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

  const given = (): ReturnType<typeof inPage> => inPage('https://dozvon.test');
  const FILE = '/static/assets/inpage-a1_B2-c3.js';

  it('speaks in the page with a file of the server, one voice at a time', () => {
    const { voice, asked, arrive } = given();
    const said: string[] = [];
    const spoken = (name: string): { speak: (port: unknown) => () => void } => ({
      speak: (port) => {
        said.push(`${name} ${String(port)}`);
        return () => said.push(`${name} ends`);
      },
    });
    voice.begin(FILE, 'port 1');
    expect(asked).toEqual([`https://dozvon.test${FILE}`]);
    arrive(spoken('one'));
    voice.begin(FILE, 'port 2');
    arrive(spoken('two'));
    voice.end();
    voice.end();
    expect(said).toEqual(['one port 1', 'one ends', 'two port 2', 'two ends']);
  });

  it('does not speak for a frame that went while the file came', () => {
    const { voice, arrive } = given();
    const closed: boolean[] = [];
    voice.begin(FILE, { close: () => closed.push(true) });
    voice.end();
    arrive({ speak: () => expect.fail('nobody is to speak') });
    expect(closed).toEqual([true]);
  });

  it.each([
    'https://evil.test/static/assets/inpage-a1.js',
    '//evil.test/static/assets/inpage-a1.js',
    '/static/assets/../inpage-a1.js',
    '/static/assets/inpage-a1.js?x',
    '/static/assets/frame-a1.js',
    '@evil.test/static/assets/inpage-a1.js',
    undefined,
  ])('takes no voice from %s', (module) => {
    const { voice, asked } = given();
    const told: unknown[] = [];
    voice.begin(module, { postMessage: (message: unknown) => told.push(message) });
    expect([asked, told]).toEqual([[], [{ type: 'cannot' }]]);
  });

  it('says that it cannot where the page lets no file of the server in', () => {
    const { voice, fail } = given();
    const told: unknown[] = [];
    voice.begin(FILE, { postMessage: (message: unknown) => told.push(message) });
    fail();
    expect(told).toEqual([{ type: 'cannot' }]);
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
