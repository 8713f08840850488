/** Acts as a supervisor, such as systemd. A separate program receives the service's reports through NOTIFY_SOCKET. */
import { until } from "./until.ts";

/** A script that prints each datagram on its own line. A name that begins with `@` is an abstract socket. */
const PROGRAM = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1].replace("@", chr(0)))
print("bound", flush=True)
while True:
    print(receiver.recv(4096).decode(), flush=True)
`;

export class Supervisor implements AsyncDisposable {
  /** The messages received, in order. */
  readonly told: string[] = [];

  private constructor(readonly address: string, private readonly process: Deno.ChildProcess) {}

  static async start(address: string): Promise<Supervisor> {
    const process = new Deno.Command("python3", { args: ["-c", PROGRAM, address], stdout: "piped" }).spawn();
    const supervisor = new Supervisor(address, process);
    void supervisor.#listen();
    await until("the supervisor listens", () => Promise.resolve(supervisor.told.shift() === "bound"));
    return supervisor;
  }

  async hears(state: string): Promise<void> {
    await until(`the supervisor hears ${state}`, () => Promise.resolve(this.told.includes(state)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.status;
  }

  async #listen(): Promise<void> {
    for await (const text of this.process.stdout.pipeThrough(new TextDecoderStream())) {
      this.told.push(...text.split("\n").filter((line) => line !== ""));
    }
  }
}
