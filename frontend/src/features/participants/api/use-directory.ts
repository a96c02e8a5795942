import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSession } from '../../../shared/session/use-session.ts';

/** People of the tenant whose name fits; for analysts. */
export function useDirectory(q: string, enabled: boolean) {
  const { http } = useSession();
  return useQuery({
    queryKey: ['directory', q],
    queryFn: async () => (await http.directory(q)).results,
    placeholderData: keepPreviousData,
    enabled,
  });
}
