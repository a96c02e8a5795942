// What every dialog and drawer gets: a name for its close button, and a header that is not taken
// for a second banner of the page.

export const DIALOG = {
  closeButtonProps: { 'aria-label': 'Close' },
  attributes: { header: { role: 'presentation' } },
};
