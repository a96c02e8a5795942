import { Kbd, Modal, Table } from '@mantine/core';
import { SHORTCUTS } from '../../../shared/shortcuts.ts';
import { DIALOG } from '../../../shared/ui/dialog.ts';

export function ShortcutsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" {...DIALOG}>
      <Table>
        <Table.Tbody>
          {Object.values(SHORTCUTS).map(({ keys, words }) => (
            <Table.Tr key={words}>
              <Table.Td>{words}</Table.Td>
              <Table.Td>
                {keys.map((key, index) => (
                  <span key={key}>
                    {index > 0 && ' + '}
                    <Kbd>{key}</Kbd>
                  </span>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
