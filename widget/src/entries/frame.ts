/** The panel in a frame of our origin inside an amoCRM page. */
import { amocrmHost } from '../hosts/amocrm';
import { readBoot } from '../hosts/boot';
import { mount } from '../main';

const root = document.getElementById('app') ?? document.body;

// Without a loader around there is no session and nothing to show.
void amocrmHost(readBoot(document)).then((host) => host && mount({ root, host }));
