import { useMutation } from '@tanstack/react-query';
import type { FileInfo } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';

/** Fetch a file with the token in a header (never in a link) and hand it to the browser. */
export function useDownload() {
  const { http } = useSession();
  return useMutation({
    mutationFn: async (file: FileInfo) => {
      const response = await http.fileContent(file.id);
      const url = URL.createObjectURL(await response.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  });
}
