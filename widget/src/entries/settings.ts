/** The account's settings: the application's own page in Bitrix24, a frame in amoCRM. */
import { boardPlace } from '../hosts/boardplace';
import { readBoot } from '../hosts/boot';
import { atDesk } from '../hosts/desk';
import { mountSettings } from '../settings/mount';
import { showClosed } from '../ui/closed';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);

const openBoard = (): void => location.assign(boardPlace(location.href));
const found = atDesk(root, boot, (at) => mountSettings({ ...at, openBoard }));
if (!found) showClosed(root, boot.locale);
