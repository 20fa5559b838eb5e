/** What a tab loads when its person works through a list, or looks at one. */
export { ListsApi } from './api';
export { Desk } from './desk';
export { CardOpener } from './opening';
export { Run } from './Run';
export { Section } from './Section';
import './dialer.css';
