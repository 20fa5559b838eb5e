/** The panel as a page of its own. */
import { readBoot } from '../hosts/boot';
import { standaloneHost } from '../hosts/standalone';
import { mount } from '../main';
import { showClosed } from '../ui/closed';

const root = document.getElementById('app') ?? document.body;
const boot = readBoot(document);

if (boot.session) void mount({ root, host: standaloneHost(boot, boot.session) });
else showClosed(root, boot.locale);
