/** Opens and saves CSV files with LibreOffice Calc, as a clerk would, but without a window. */
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The options for opening a CSV file, as in LibreOffice's "Text Import" dialog. */
export interface Opening {
  delimiter: string;
  /** The numeric id of the language used for numbers and dates. */
  language: number;
  /** The option "Format quoted field as text". */
  quotedAsText?: boolean;
  /** The option "Detect special numbers", such as dates. */
  detects?: boolean;
  /** The option "Evaluate formulas". */
  runs?: boolean;
}

export const ENGLISH_US = 1033, ENGLISH_CANADA = 4105, FRENCH_CANADA = 3084, FRENCH = 1036, GERMAN = 1031;

/** Why LibreOffice cannot be used; null if it can. */
export async function libreOfficeUnavailable(): Promise<string | null> {
  try {
    const { success } = await new Deno.Command("soffice", { args: ["--version"], stdout: "null" }).output();
    return success ? null : "soffice --version failed";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "there is no soffice: apt-get install --no-install-recommends libreoffice-calc";
  }
}

/** A LibreOffice instance with its own folder and settings. */
export class LibreOffice implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async start(): Promise<LibreOffice> {
    return new LibreOffice(await Deno.makeTempDir({ prefix: "rosterd-soffice-" }));
  }

  /**
   * Opens a CSV file, saves it as a workbook if `workbook` names a format, and exports it as CSV again. `edit` changes
   * the workbook; of the formats, only `fods` is text.
   */
  async saveAgain(
    csv: Uint8Array,
    opening: Opening,
    workbook: "none" | "ods" | "xlsx" | "fods" = "none",
    edit: (text: string) => string = (text) => text,
  ): Promise<string> {
    const options = csvOptions(opening);
    const export_ = `csv:Text - txt - csv (StarCalc):${options.to}`;
    await Deno.writeFile(join(this.folder, "roster.csv"), csv);
    if (workbook === "none") return await this.#converted("roster.csv", export_, [`--infilter=CSV:${options.from}`]);
    await this.#converted("roster.csv", workbook, [`--infilter=CSV:${options.from}`]);
    if (workbook === "fods") {
      const path = join(this.folder, "saved", "roster.fods");
      await Deno.writeTextFile(path, edit(await Deno.readTextFile(path)));
    }
    return await this.#converted(join("saved", `roster.${workbook}`), export_, []);
  }

  async #converted(name: string, to: string, how: string[]): Promise<string> {
    const target = join(this.folder, "saved", basename(name).replace(/[^.]+$/, to.split(":")[0]));
    await Deno.remove(target).catch(() => {});
    const { stdout, stderr } = await new Deno.Command("soffice", {
      args: [
        `-env:UserInstallation=${pathToFileURL(join(this.folder, "profile"))}`,
        ...["--headless", "--norestore", ...how, "--convert-to", to, "--outdir", "saved", name],
      ],
      cwd: this.folder,
      env: { LC_ALL: "C.UTF-8" },
      stdin: "null",
    }).output();
    try {
      return await Deno.readTextFile(target);
    } catch {
      throw new Error(`soffice saved nothing: ${new TextDecoder().decode(stdout)} ${new TextDecoder().decode(stderr)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/**
 * The fields in the order that LibreOffice's filter expects. 76 is UTF-8 and 34 is the quote. Cells are saved as shown.
 */
function csvOptions({ delimiter, language, quotedAsText = false, detects = false, runs = false }: Opening) {
  const common = `${delimiter.charCodeAt(0)},34,76,1,`;
  return {
    from: `${common},${language},${quotedAsText},${detects},false,false,false,0,${runs}`,
    to: `${common},0,false,true,false`,
  };
}
