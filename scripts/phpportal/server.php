<?php
// A salle des marchés in PHP, written by following the guide « Intégrer Scellé »:
//   SCELLE_DATA=/srv/marches php -S 127.0.0.1:8091 -t public server.php
declare(strict_types=1);

// Step 1: the ground. Session, rights and consultations are your portal's own.
const TENDER = '2027-PHP-001';
$data = getenv('SCELLE_DATA') ?: __DIR__ . '/data';
$origin = getenv('SCELLE_ORIGIN') ?: "http://{$_SERVER['HTTP_HOST']}"; // yours is https, and never taken from a header
is_dir("$data/plis") || mkdir("$data/plis", 0700, true);
$deadline = strtotime(is_file("$data/deadline") ? file_get_contents("$data/deadline") : '2099-12-31');
$db = new PDO("sqlite:$data/portal.db", options: [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
$db->exec('CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, name TEXT, recovery INT, state TEXT, certificate TEXT,
  thumbprint TEXT UNIQUE, expires INT, mechanism TEXT, challenge TEXT, challenged INT);
  CREATE TABLE IF NOT EXISTS plis (id TEXT PRIMARY KEY, name TEXT, size INT, sha256 TEXT, contentSha256 TEXT, kind TEXT)');

function query(string $sql, mixed ...$values): array {
    $statement = $GLOBALS['db']->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll();
}
function json(array $value): string {
    return json_encode($value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
}
function answer(array $value, int $status = 200): never {
    header('Content-Type: application/json', true, $status);
    exit(json($value));
}
function refuse(int $status, string $code, string $detail = ''): never { // the codes are Scellé's, see codes.js
    answer(['fault' => ['code' => $code, 'detail' => $detail]], $status);
}

// Step 2: which certificates can receive plis.
function certificate(string $base64): array {
    $pem = "-----BEGIN CERTIFICATE-----\n" . chunk_split($base64, 64, "\n") . "-----END CERTIFICATE-----\n";
    $info = openssl_x509_parse($pem) ?: refuse(422, 'certificate-bad');
    $key = openssl_pkey_get_details(openssl_pkey_get_public($pem));
    $rsa = $key['type'] === OPENSSL_KEYTYPE_RSA;
    $use = $rsa ? 'Key Encipherment' : 'Key Agreement';
    if (!$rsa && $key['type'] !== OPENSSL_KEYTYPE_EC) refuse(422, 'certificate-key-kind');
    if ($rsa && $key['bits'] < 2048) refuse(422, 'certificate-weak');
    if (!str_contains($info['extensions']['keyUsage'] ?? $use, $use)) refuse(422, 'certificate-usage');
    if ($info['validFrom_time_t'] > time()) refuse(422, 'certificate-not-yet-valid');
    if ($info['validTo_time_t'] < time()) refuse(422, 'certificate-expired');
    return ['pem' => $pem, 'thumbprint' => hash('sha256', base64_decode($base64)), 'expires' => $info['validTo_time_t'],
        'mechanism' => $rsa ? 'rsa-pkcs1' : 'ecdh']; // the ones that openssl_cms_encrypt writes
}

// Step 3, case 1: a certificate of the agent's computer is registered. Twice the same is one registration.
function register(array $args, string $base64, string $state): array {
    $c = certificate($base64);
    query("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0) ON CONFLICT (thumbprint) DO UPDATE
        SET state = excluded.state, name = excluded.name WHERE state = 'discarded'", bin2hex(random_bytes(8)),
        iconv_substr($args['name'], 0, 100, 'UTF-8'), (int) $args['recovery'], $state, $base64, $c['thumbprint'], $c['expires'], $c['mechanism']);
    return registration(query('SELECT * FROM keys WHERE thumbprint = ?', $c['thumbprint'])[0]);
}
function registration(array $key): array {
    return ['id' => $key['id'], 'state' => $key['state'], 'thumbprint' => $key['thumbprint']];
}
function key_of(array $args): array {
    return query('SELECT * FROM keys WHERE id = ?', $args['id'])[0] ?? refuse(404, 'registration-unknown');
}

// Step 4: the proof. A secret is sealed to the certificate; whoever opens it has the private key.
function files(string $content, callable $run): string { // PHP's OpenSSL goes from file to file: in memory, where there is /dev/shm
    [$in, $out] = array_map(fn ($name) => tempnam(is_dir('/dev/shm') ? '/dev/shm' : sys_get_temp_dir(), $name), ['in', 'out']);
    try {
        file_put_contents($in, $content) && $run($in, $out) || refuse(500, 'portal-failed', 'openssl');
        return base64_encode(file_get_contents($out));
    } finally {
        array_map('unlink', [$in, $out]);
    }
}
function seal(string $content, string $pem): string {
    return files($content, fn ($in, $out) =>
        openssl_cms_encrypt($in, $out, $pem, [], OPENSSL_CMS_BINARY, OPENSSL_ENCODING_DER, OPENSSL_CIPHER_AES_256_CBC));
}
function challenge(array $args): never {
    $key = key_of($args);
    if (in_array($key['mechanism'], $args['refused'], true)) refuse(409, 'mechanism-missing');
    $text = implode("\n", ['scelle-proof/1', $GLOBALS['origin'], $key['thumbprint'], bin2hex(random_bytes(32)), '']);
    query("UPDATE keys SET state = iif(state IN ('active', 'discarded'), state, 'awaiting-proof'), challenge = ?, challenged = ? WHERE id = ?",
        hash('sha256', $text), time(), $key['id']);
    answer(['mechanism' => $key['mechanism'], 'envelope' => seal($text, certificate($key['certificate'])['pem'])]);
}
function proof(array $args): never { // one try for each challenge, within ten minutes
    $key = key_of($args);
    $good = $key['state'] !== 'discarded' && time() - $key['challenged'] < 600 && hash_equals((string) $key['challenge'], $args['proof']);
    query('UPDATE keys SET challenge = NULL, challenged = 0, state = ? WHERE id = ?', $good ? 'active' : $key['state'], $key['id']);
    $good ? answer(registration(key_of($args))) : refuse(422, 'proof-failed');
}

// Step 5, case 2: the portal makes the pair, for the one-time certificate of the agent's computer, and forgets the private key.
function pair(string $commonName, string $use, ?string $by = null): array {
    $options = ['config' => __DIR__ . '/openssl.cnf', 'digest_alg' => 'sha256', 'x509_extensions' => $use, 'private_key_bits' => 3072];
    $key = openssl_pkey_new($options);
    $request = openssl_csr_new(['commonName' => $commonName], $key, $options);
    openssl_x509_export(openssl_csr_sign($request, $by, $by ?? $key, 1095, $options, random_int(1, PHP_INT_MAX)), $pem);
    return [$key, $pem];
}
function portal_key(): string { // signs lists and certificates: private key and certificate
    $path = "{$GLOBALS['data']}/portal.pem"; // in a folder that is the portal's alone
    if (is_file($path)) return file_get_contents($path);
    [$key, $pem] = pair('Salle des marchés en PHP', 'portal');
    openssl_pkey_export($key, $private, null, ['config' => __DIR__ . '/openssl.cnf']);
    file_put_contents($path, $private . $pem);
    return $private . $pem;
}
function server_key(array $args): never {
    $one_time = certificate($args['oneTimeCertificate']);
    [$key, $pem] = pair(iconv_substr($args['commonName'], 0, 64, 'UTF-8'), 'recipient', portal_key());
    openssl_pkcs12_export($pem, $p12, $key, $one_time['thumbprint'], ['friendly_name' => $args['name']]);
    answer(['registration' => register($args, preg_replace('/-----[A-Z ]+-----|\s/', '', $pem), 'awaiting-import'),
        'envelope' => seal($p12, $one_time['pem'])]);
}

// Step 6: who receives the plis, as a signed list that the extension checks.
function signed(string $type, array $members): string {
    $list = ['type' => $type, 'version' => 1, 'origin' => $GLOBALS['origin'], 'tender' => TENDER] + $members;
    return files(json($list), fn ($in, $out) => openssl_cms_sign($in, $out, portal_key(), portal_key(), [], OPENSSL_CMS_BINARY, OPENSSL_ENCODING_DER));
}
function moment(int $time): string { return gmdate('Y-m-d\TH:i:s\Z', $time); }
function recipients(): never {
    $entries = array_map(fn ($key) => ['thumbprint' => $key['thumbprint'], 'certificate' => $key['certificate'], 'mechanism' => $key['mechanism'],
        'kind' => $key['recovery'] ? 'recovery' : 'personal', 'revoked' => false, 'notAfter' => moment($key['expires']), 'label' => $key['name']],
        query("SELECT * FROM keys WHERE state = 'active'") ?: refuse(409, 'no-recipient'));
    answer(['tender' => TENDER, 'recipientList' => signed('scelle-recipients',
        ['deadline' => moment($GLOBALS['deadline']), 'issued' => moment(time()), 'entries' => $entries])]);
}

// Step 7: a pli is deposited, before the deadline, and opened, after it.
function deposit(array $pli): never {
    if (!in_array($pli['kind'], ['candidature', 'offre'], true)) refuse(400, 'bad-request', 'kind');
    if (time() >= $GLOBALS['deadline']) refuse(409, 'portal-refused', 'deadline');
    $size = file_put_contents($path = "{$GLOBALS['data']}/plis/" . ($id = bin2hex(random_bytes(8))), fopen('php://input', 'rb')); // streamed: gigabytes
    if (!hash_equals(hash_file('sha256', $path), $pli['sha256'])) { unlink($path); refuse(422, 'portal-refused', 'sha256'); }
    if (time() >= $GLOBALS['deadline']) { unlink($path); refuse(409, 'portal-refused', 'deadline'); } // what ends late is late
    query('INSERT INTO plis VALUES (?, ?, ?, ?, ?, ?)', $id, $pli['name'], $size, $pli['sha256'], $pli['contentSha256'], $pli['kind']);
    answer(['id' => $id, 'size' => $size, 'sha256' => $pli['sha256'], 'received' => moment(time())]);
}
function opening(): never {
    if (time() < $GLOBALS['deadline']) refuse(403, 'portal-refused', 'deadline');
    $plis = query('SELECT id, name AS label, size, sha256, kind FROM plis') ?: refuse(404, 'portal-refused', 'none');
    $listed = array_map(fn ($p) => ['id' => $p['id'], 'sha256' => $p['sha256'], 'label' => $p['label'], 'kind' => $p['kind']], $plis);
    answer(['tender' => TENDER, 'plis' => $plis, 'openingList' => signed('scelle-opening',
        ['notBefore' => moment($GLOBALS['deadline']), 'issued' => moment(time()), 'plis' => $listed])]);
}
function content(string $id): never {
    if (time() < $GLOBALS['deadline'] || !query('SELECT id FROM plis WHERE id = ?', $id)) refuse(403, 'portal-refused', 'deadline');
    header('Content-Type: application/pkcs7-mime'); // without it a browser that is led here would show a stranger's bytes as a page of yours
    exit(readfile("{$GLOBALS['data']}/plis/$id"));
}

// Step 8: the addresses. Your framework's router and its CSRF token do this.
$method = $_SERVER['REQUEST_METHOD'];
if ($method !== 'GET' && ($_SERVER['HTTP_SEC_FETCH_SITE'] ?? '') !== 'same-origin') refuse(403, 'not-permitted', 'site');
$args = $method === 'POST' ? json_decode(file_get_contents('php://input'), true) ?? refuse(400, 'bad-request') : $_GET;
return match ($method . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    'POST /keys' => answer(register($args, $args['certificate'], 'awaiting-proof')),
    'POST /server-key' => server_key($args),
    'POST /challenge' => challenge($args),
    'POST /proof' => proof($args),
    'POST /discard' => query("UPDATE keys SET state = 'discarded' WHERE id = ? AND state <> 'active'", $args['id']) || answer(registration(key_of($args))),
    'GET /recipients' => recipients(),
    'PUT /plis' => deposit($args),
    'GET /opening' => opening(),
    'GET /content' => content($args['id'] ?? ''),
    default => false, // a file of public/, which holds the page and the package
};
