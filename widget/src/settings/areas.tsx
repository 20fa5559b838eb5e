/** Forms of the account's areas of settings. */
import type { AreaAnswer, AreaValues } from './api';
import { useDesk } from './context';
import type { Versioned } from './draft';
import { useForm, type Form } from './form';

export function useArea<Name extends keyof AreaValues>(name: Name): Form<AreaValues[Name]> {
  const { book } = useDesk();
  const cast = (answer: AreaAnswer): Versioned<AreaValues[Name]> =>
    answer as unknown as Versioned<AreaValues[Name]>;
  return useForm<AreaValues[Name]>({
    name,
    kept: book.area(name),
    send: async (patch, version) => cast(await book.client.saveArea(name, patch, version)),
    again: async () => cast(await book.client.area(name)),
    took: (now) => book.tookArea(now as unknown as AreaAnswer),
  });
}
