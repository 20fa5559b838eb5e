import type { ComponentChildren, JSX } from 'preact';
import { showNumber, unbroken, type Words } from '../i18n';
import type { Notice } from '../phone';
import { Button } from './Button';
import { useAmbient } from './context';
import { Icon, type IconName } from './icons';

interface BannerProps {
  readonly kind: 'info' | 'warning' | 'danger';
  readonly icon?: IconName;
  readonly busy?: boolean;
  readonly action?: string;
  readonly onAction?: () => void;
  readonly children: ComponentChildren;
}

export function Banner(props: BannerProps): JSX.Element {
  return (
    <div class={`banner banner-${props.kind}`} role={props.kind === 'danger' ? 'alert' : 'status'}>
      {props.busy && <span class="spinner" aria-hidden="true" />}
      {props.icon && <Icon name={props.icon} />}
      <p>{props.children}</p>
      {props.action && <Button onPress={() => props.onAction?.()}>{props.action}</Button>}
    </div>
  );
}

interface Props {
  readonly notices: readonly Notice[];
  readonly onDismiss: (id: number) => void;
}

/** Short messages that leave by themselves; read out politely. */
export function Notices({ notices, onDismiss }: Props): JSX.Element {
  const { words } = useAmbient();
  return (
    <div class="notices" role="log" aria-live="polite" aria-label={words.t('notices.label')}>
      {notices.map((notice) => (
        <div key={notice.id} class={`notice notice-${notice.kind}`}>
          <p>{noticeText(notice, words)}</p>
          <Button
            kind="quiet"
            icon="close"
            name={words.t('do.close')}
            onPress={() => onDismiss(notice.id)}
          />
        </div>
      ))}
    </div>
  );
}

export function noticeText(notice: Notice, words: Words): string {
  if (notice.kind === 'failed') return words.t(`error.${notice.code}`);
  if (notice.kind === 'refused') {
    const why = words.t(`refused.${notice.reason}`);
    if (notice.number === null) return why;
    return words.t('refused.number', { number: unbroken(notice.number), why });
  }
  const { removed } = notice;
  const number = removed.number ? showNumber(removed.number) : words.t('card.hidden_number');
  const name = removed.name ?? number;
  switch (removed.reason) {
    case 'answered_elsewhere':
      return removed.by
        ? words.t('removed.answered_elsewhere', { name, by: removed.by.name })
        : words.t('removed.answered_elsewhere_unknown', { name });
    case 'timed_out':
      return words.t('removed.timed_out', { name });
    default:
      return words.t('removed.abandoned', { name });
  }
}
