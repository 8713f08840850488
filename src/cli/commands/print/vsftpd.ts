/** `rosterd print vsftpd`: FTPS for those who upload, by vsftpd, locked into the folder above the upload folder. */
import { type Command, EXIT, type Invocation } from "../../command.ts";
import { type Host, hostOf, jailOf, UPLOADER } from "./host.ts";
import { printedText, uploader, uploadFolder } from "./setup.ts";

export const printVsftpdCommand: Command = {
  words: "print vsftpd",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  summary: "print the configuration of an FTPS server for the upload folder",
  help: "Prints what vsftpd needs so that a registry uploads by FTPS into the upload folder and does nothing else:\n" +
    "rosterd print vsftpd --upload /srv/rosterd/upload > /etc/vsftpd.conf\n" +
    "Its head says what to do with it. The upload folder becomes sticky and rosterd's own.",
  run: runPrintVsftpd,
};

const FILE = "/etc/vsftpd.conf";
const CERTIFICATE = "/etc/ssl/private/rosterd-vsftpd.pem";
const USERS = "/etc/vsftpd.rosterd-users";
const PAM = "rosterd-vsftpd";
const OPENSSL = "/etc/vsftpd.openssl.cnf";
const UNIT = "/etc/systemd/system/vsftpd.service.d";

function runPrintVsftpd({ config, terminal }: Invocation): Promise<number> {
  terminal.out(vsftpdText(hostOf(config)));
  return Promise.resolve(EXIT.ok);
}

/** What vsftpd reads, with the commands that make accounts, folders and a certificate. */
export function vsftpdText(host: Host): string {
  const jail = jailOf(host);
  return printedText({
    title: [
      `FTPS (explicit, port 21) into ${host.upload} for the users in ${USERS}.`,
      `They are locked into ${jail}. They may not touch bak and .rosterd, which belong to rosterd.`,
      "This is the whole configuration of vsftpd: it serves nothing else on this machine.",
    ],
    file: FILE,
    then: [
      `passwd ${UPLOADER}`,
      "systemctl daemon-reload && systemctl restart vsftpd",
    ],
    commands: [...uploadFolder(host), ...uploader(host), ...users(), ...pam(), ...certificate(), ...tls()],
    body: [...listening(), ...locking(), ...encrypting()],
  });
}

function users(): string[] {
  return [`[ -e ${USERS} ] || echo ${UPLOADER} > ${USERS}`];
}

/** Debian's own wants a login shell, which nobody needs here. */
function pam(): string[] {
  return [
    `printf '%s\\n' 'auth required pam_unix.so' 'account required pam_unix.so' > /etc/pam.d/${PAM}`,
  ];
}

/** One that signs itself, until there is a better one. */
function certificate(): string[] {
  return [
    `[ -e ${CERTIFICATE} ] || (`,
    "  umask 077",
    '  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=$(uname -n)" \\',
    `    -addext "subjectAltName=DNS:$(uname -n)" -keyout ${CERTIFICATE}.key -out ${CERTIFICATE}.crt`,
    `  cat ${CERTIFICATE}.key ${CERTIFICATE}.crt > ${CERTIFICATE}`,
    `  rm ${CERTIFICATE}.key ${CERTIFICATE}.crt`,
    ")",
  ];
}

/** With TLS 1.3 vsftpd 3.0.3 now and then resets a connection at the end of a file, and cannot be told to do without. */
function tls(): string[] {
  return [
    `cat > ${OPENSSL} <<'END'`,
    "openssl_conf = settings",
    "[settings]",
    "ssl_conf = ssl",
    "[ssl]",
    "system_default = tls",
    "[tls]",
    "MinProtocol = TLSv1.2",
    "MaxProtocol = TLSv1.2",
    "END",
    `install -d -m 0755 ${UNIT}`,
    `printf '%s\\n' '[Service]' 'Environment=OPENSSL_CONF=${OPENSSL}' > ${UNIT}/rosterd.conf`,
  ];
}

function listening(): string[] {
  return [
    "# For IPv6 too: listen=NO and listen_ipv6=YES.",
    "listen=YES",
    "# The firewall lets port 21 and these through.",
    "pasv_min_port=40000",
    "pasv_max_port=40100",
    "",
  ];
}

function locking(): string[] {
  return [
    "anonymous_enable=NO",
    "local_enable=YES",
    `pam_service_name=${PAM}`,
    "userlist_enable=YES",
    "userlist_deny=NO",
    `userlist_file=${USERS}`,
    "# Where each is locked in, and begins, says /etc/passwd: FOLDER/./BEGINNING.",
    "chroot_local_user=YES",
    "passwd_chroot_enable=YES",
    "secure_chroot_dir=/var/run/vsftpd/empty",
    "write_enable=YES",
    "# What arrives may be read by its group, to which rosterd belongs.",
    "local_umask=027",
    "chmod_enable=NO",
    "cmds_denied=MKD,XMKD,RMD,XRMD,SITE",
    "xferlog_enable=YES",
    "use_localtime=NO",
    "",
  ];
}

function encrypting(): string[] {
  return [
    "# Nobody logs in or sends anything without TLS.",
    "ssl_enable=YES",
    "force_local_logins_ssl=YES",
    "force_local_data_ssl=YES",
    `rsa_cert_file=${CERTIFICATE}`,
    `rsa_private_key_file=${CERTIFICATE}`,
    "ssl_ciphers=HIGH",
    "# Many clients begin a session of their own for the data.",
    "require_ssl_reuse=NO",
    "# Its list of system calls is older than today's OpenSSL.",
    "seccomp_sandbox=NO",
  ];
}
