import { Button } from '@mantine/core';
import type { FileInfo } from '@wardroom/client/types';
import { sizeWords } from '../../../shared/words.ts';
import { useDownload } from '../api/use-download.ts';

export function Attachment({ file }: { file: FileInfo }) {
  const download = useDownload();
  return (
    <div className="wr-file">
      <span>
        {file.name} <span className="wr-dim">{sizeWords(file.size)}</span>
      </span>
      <Button size="compact-xs" variant="default" loading={download.isPending} onClick={() => download.mutate(file)}
        aria-label={`Download ${file.name}`}>
        Download
      </Button>
      {download.isError && <span role="alert">The download failed. Try again.</span>}
    </div>
  );
}
