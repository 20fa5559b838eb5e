/** The voice in the CRM's own page: what the loader gets from the server when the frame may not
 * hear its person. One file for the page's own module loader (AMD). */
export { speak } from '../voice/pagevoice';
