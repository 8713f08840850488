/**
 * Names that other systems (Moodle, Canvas, OneRoster, School Data Sync, Koha, Snipe-IT, HR exports) use for columns
 * and values. These names are used only for suggestions, which a person must confirm. `foldWord` normalizes all of
 * them.
 */
import type { Column } from "../../domain/columns.ts";
import { foldHeader } from "../../domain/columns.ts";

/**
 * Normalizes a word. Removes everything that `foldHeader` removes, and also accents and all other characters except
 * letters and digits.
 */
export function foldWord(text: string): string {
  return foldHeader(text).normalize("NFD").replace(/[^\p{L}\p{N}]+/gu, "");
}

/**
 * Maps each column to its names in other systems, best first. If a name is listed for several columns, it refers to the
 * first of them.
 */
export const HEADER_WORDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    unique_id:
      "idnumber sisid sisuserid sourcedid externalid externalkey guid cardnumber personid personnelid patronid campusid identifiant borrowernumber uniqueidentifier userid integrationid identifier employeenumber employeeno employeenum employeeid personnelnumber personnelno staffid staffnumber studentnumber studentid studentno codepermanent id",
    login_source: "auth authmethod authenticationproviderid authenticationprovider identityprovider idp loginsource",
    first_name: "firstname givenname givennames given forename forenames preferredfirstname",
    last_name: "lastname surname surnames familyname family sn",
    user_name: "username login loginid loginname accountname samaccountname userid uid nomdutilisateur",
    email:
      "email mail primaryemail emailprimary workemail schoolemail studentemail preferredemail emailaddress userprincipalname adressecourriel",
    street: "address address1 addressline1 streetaddress mailingaddress homeaddress street1 rue",
    city: "town municipality mailingcity homecity",
    province: "region stateprovince provincestate mailingstate mailingprovince homestate homeprovince",
    postal_code: "zip zipcode postcode postalzip codepostal mailingzip mailingpostalcode homezip homepostalcode",
    street2: "address2 addressline2 residenceaddress",
    city2: "residencecity",
    state2: "residencestate residenceprovince",
    zip2: "residencezip residencepostalcode",
    phone_cell: "mobile mobilephone cell cellphone mobilenumber phone1 phone2 sms phone phonenumber cellulaire",
    user_type_id:
      "role roles usertype declaredusertype persontype categorycode category patroncategory affiliation employeetype",
    employ_no: "employeenumber employeeno employeenum employeeid personnelnumber personnelno staffid staffnumber",
    employee_phone: "workphone officephone businessphone",
    student_no: "studentnumber studentid studentno codepermanent",
    drivers_license_num: "driverslicense driverlicense licencenumber licensenumber driverslicensenumber",
    data_of_birth: "dateofbirth dob birthdate birthday ddn",
    active:
      "enableduser enabled isactive activated accountenabled accountstatus userstatus employmentstatus registrationstatus enrollmentstatus enrolmentstatus status statut suspended disabled inactive deleted debarred",
  }).map(([column, words]) => [column, words.split(" ")]),
);

/** Headers that mean the opposite of `active`. */
const OPPOSITE: ReadonlySet<string> = new Set(["suspended", "disabled", "inactive", "deleted", "debarred"]);

export function isOpposite(header: string): boolean {
  return OPPOSITE.has(foldWord(header));
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const YES = words("1 y yes true t on x oui o vrai");
const NO = words("0 n no false f off non faux");
const ENABLED = words("a active enabled enable activated current actif active employed enrolled registered open ok");
const DISABLED = words(
  "i inactive disabled disable deactivated suspended deleted tobedeleted archived terminated withdrawn graduated cancelled canceled inactif closed debarred locked",
);

/** "1" or "0" for a value of `active`; null if unknown. `opposite`: the header means the opposite of `active`. */
export function flagMeant(value: string, opposite: boolean): string | null {
  const word = foldWord(value);
  if (ENABLED.has(word)) return "1";
  if (DISABLED.has(word)) return "0";
  if (YES.has(word)) return opposite ? "0" : "1";
  if (NO.has(word)) return opposite ? "1" : "0";
  return null;
}

const REGIONS = new Map(
  `AB Alberta|BC British Columbia|BC Colombie-Britannique|MB Manitoba|NB New Brunswick|NB Nouveau-Brunswick
  NL Newfoundland and Labrador|NL Newfoundland|NL Terre-Neuve-et-Labrador|NS Nova Scotia|NS Nouvelle-Écosse
  NT Northwest Territories|NT Territoires du Nord-Ouest|NU Nunavut|ON Ontario|PE Prince Edward Island
  PE Île-du-Prince-Édouard|QC Quebec|SK Saskatchewan|YT Yukon|YT Yukon Territory
  AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
  DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas
  KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi
  MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York
  NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island
  SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington
  WV West Virginia|WI Wisconsin|WY Wyoming`.split(/[|\n]/).map((line) => {
    const region = line.trim();
    return [foldWord(region.slice(3)), region.slice(0, 2)] as const;
  }),
);

/** The two-letter code of a province, territory or state, given its name or its ISO 3166-2 code ("CA-ON"). */
function regionMeant(value: string): string | null {
  return REGIONS.get(foldWord(value)) ?? /^(?:CA|US)-([A-Z]{2})$/i.exec(value.trim())?.[1].toUpperCase() ?? null;
}

/**
 * Returns the accepted value that corresponds to `value`, or null if unknown. `accepted`: the values that a column with
 * a list accepts.
 */
export function valueMeant(
  { kind }: Column,
  value: string,
  { opposite, accepted }: { opposite: boolean; accepted: readonly string[] },
): string | null {
  if (kind === "flag") return flagMeant(value, opposite);
  if (kind === "region") return regionMeant(value);
  const same = accepted.filter((one) => foldWord(one) === foldWord(value));
  return same.length === 1 ? same[0] : null;
}
