// Whether somebody is looking: the page is in sight and has the focus.

export function attentive(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/** Calls back whenever it may have changed; returns the function that stops it. */
export function onAttention(listener: () => void): () => void {
  addEventListener('focus', listener);
  addEventListener('blur', listener);
  document.addEventListener('visibilitychange', listener);
  return () => {
    removeEventListener('focus', listener);
    removeEventListener('blur', listener);
    document.removeEventListener('visibilitychange', listener);
  };
}
