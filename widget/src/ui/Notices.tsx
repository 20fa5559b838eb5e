import type { ComponentChildren, JSX } from 'preact';
import type { Notice } from '../notices';
import { Button } from './Button';
import { useAmbient } from './context';
import { Icon, type IconName } from './icons';
import { noticeText } from './words';

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
