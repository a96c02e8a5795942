// Keeps a client under the server's limit of frames per second (50; beyond it the server
// closes with 4429). A burst after a reconnect - subscriptions, unacked posts - is spread out.

/** One second is divided into slots of this length. */
const SLOT_MS = 100;
/** Slots that may be saved up: 2 x 4 frames on top of 40 a second stay below 50. */
const BURST_SLOTS = 2;

export class FramePacer {
  private queue: string[] = [];
  private allowance: number;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly write: (frame: string) => void;
  private readonly perSlot: number;

  constructor(write: (frame: string) => void, framesPerSecond: number) {
    this.write = write;
    this.perSlot = Math.max(1, Math.floor((framesPerSecond * SLOT_MS) / 1000));
    this.allowance = this.perSlot * BURST_SLOTS;
  }

  push(frame: string): void {
    this.queue.push(frame);
    this.drain();
    if (this.timer === undefined) this.timer = setInterval(() => this.tick(), SLOT_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.queue = [];
  }

  private tick(): void {
    this.allowance = Math.min(this.allowance + this.perSlot, this.perSlot * BURST_SLOTS);
    this.drain();
    if (this.queue.length === 0 && this.allowance === this.perSlot * BURST_SLOTS) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private drain(): void {
    while (this.allowance > 0) {
      const frame = this.queue.shift();
      if (frame === undefined) return;
      this.allowance -= 1;
      this.write(frame);
    }
  }
}
