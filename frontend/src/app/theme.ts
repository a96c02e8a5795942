import { createTheme, type CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace',
  respectReducedMotion: true,
  colors: {
    dark: ['#dfe3e9', '#b4bcc8', '#99a2b0', '#5c6572', '#3f4753', '#2f353f', '#23282f', '#171a1f', '#12151a', '#0d0f12'],
  },
});

/** Colours of our own, and those of Mantine that miss 4.5:1 for text (WCAG 1.4.3) or 3:1 for the
 * edges of fields (1.4.11). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#586070',
    '--mantine-color-placeholder': '#667085',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-body': '#ffffff',
    '--mantine-color-default-border': '#868e9a',
    '--wr-text': '#1c2128',
    '--wr-dim': '#586070',
    '--wr-line': '#d5dae1',
    '--wr-surface': '#ffffff',
    '--wr-sunken': '#f4f6f8',
    '--wr-chosen': '#e6eaf8',
    '--wr-accent': '#364fc7',
    '--wr-warn': '#8a4b00',
    '--wr-online': '#237a36',
  },
  dark: {
    '--mantine-color-dimmed': '#a2abb9',
    '--mantine-color-placeholder': '#949daa',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-body': '#171a1f',
    '--mantine-color-default-border': '#6c7583',
    '--wr-text': '#e3e7ec',
    '--wr-dim': '#a2abb9',
    '--wr-line': '#343a44',
    '--wr-surface': '#171a1f',
    '--wr-sunken': '#101216',
    '--wr-chosen': '#262d45',
    '--wr-accent': '#91a7ff',
    '--wr-warn': '#ffc078',
    '--wr-online': '#69db7c',
  },
});
