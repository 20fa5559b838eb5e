import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons';

export interface ButtonProps {
  readonly onPress: () => void;
  readonly kind?: 'primary' | 'danger' | 'plain' | 'quiet';
  readonly icon?: IconName;
  /** The accessible name when the words on the button are not enough. */
  readonly name?: string;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly shortcut?: string;
  /** Whether what it opens is open. */
  readonly pressed?: boolean;
  readonly children?: ComponentChildren;
}

/** Busy keeps focus (a disabled button would lose it) and ignores presses. */
export function Button(props: ButtonProps): JSX.Element {
  const { onPress, kind = 'plain', icon, name, busy = false, disabled = false, shortcut } = props;
  return (
    <button
      type="button"
      class={`button button-${kind}${props.children ? '' : ' button-icon'}`}
      aria-label={name}
      title={props.children ? undefined : name}
      aria-busy={busy}
      aria-disabled={busy}
      aria-keyshortcuts={shortcut}
      aria-pressed={props.pressed}
      disabled={disabled}
      onClick={() => {
        if (!busy) onPress();
      }}
    >
      {icon && <Icon name={icon} />}
      {props.children && <span>{props.children}</span>}
    </button>
  );
}

/** A link the page around opens in its own way; a plain link when it cannot. */
export function Link(props: {
  href: string;
  open: (url: string) => void;
  class?: string;
  name?: string;
  children: ComponentChildren;
}): JSX.Element {
  const safe = /^(https?:)?\/\//.test(props.href) || props.href.startsWith('/');
  if (!safe) return <span class={props.class}>{props.children}</span>;
  return (
    <a
      class={`link ${props.class ?? ''}`}
      href={props.href}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={props.name}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        props.open(props.href);
      }}
    >
      {props.children}
    </a>
  );
}
