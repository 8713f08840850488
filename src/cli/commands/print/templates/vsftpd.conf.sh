grep -qsx {{account}} /etc/vsftpd.rosterd-users || echo {{account}} >> /etc/vsftpd.rosterd-users
# Debian's own PAM service requires a login shell, which uploaders do not have.
printf '%s\n' 'auth required pam_unix.so' 'account required pam_unix.so' > /etc/pam.d/rosterd-vsftpd
# A self-signed certificate, until you install a better one.
certificate=/etc/ssl/private/rosterd-vsftpd.pem
[ -e $certificate ] || (
  umask 077
  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=$(uname -n)" \
    -addext "subjectAltName=DNS:$(uname -n)" -keyout $certificate.key -out $certificate.crt
  cat $certificate.key $certificate.crt > $certificate
  rm $certificate.key $certificate.crt
)
# With TLS 1.3, vsftpd 3.0.3 sometimes resets a connection at the end of a file. Only OpenSSL can turn TLS 1.3 off.
cat > /etc/vsftpd.openssl.cnf <<'END'
openssl_conf = settings
[settings]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
MinProtocol = TLSv1.2
MaxProtocol = TLSv1.2
END
install -d -m 0755 /etc/systemd/system/vsftpd.service.d
printf '%s\n' '[Service]' 'Environment=OPENSSL_CONF=/etc/vsftpd.openssl.cnf' > \
  /etc/systemd/system/vsftpd.service.d/rosterd.conf
