import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';

interface Props<Name extends string> {
  readonly names: readonly Name[];
  readonly chosen: Name;
  readonly label: (name: Name) => string;
  readonly listName: string;
  readonly onChoose: (name: Name) => void;
  readonly children: ComponentChildren;
}

/** Sections behind tabs: arrows move, the panel is one stop further (WAI-ARIA tabs pattern). */
export function Tabs<Name extends string>(props: Props<Name>): JSX.Element {
  const { names, chosen, label, listName, onChoose, children } = props;
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length];
    if (next === undefined) return;
    onChoose(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <main class="body">
      <div class="tabs" role="tablist" aria-label={listName} ref={list} onKeyDown={move}>
        {names.map((name) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`tab-${name}`}
            class="tab"
            aria-selected={name === chosen}
            aria-controls="section"
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {label(name)}
          </button>
        ))}
      </div>
      <div class="body" id="section" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
        {children}
      </div>
    </main>
  );
}
