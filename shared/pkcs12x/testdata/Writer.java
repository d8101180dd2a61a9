import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;

/** Writes one pair with its authority as each PKCS#12 store type of Bouncy Castle: DIR ALGORITHM PASSWORD NAME TYPE... */
public class Writer {
    public static void main(String[] args) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        Path dir = Path.of(args[0]);
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        Certificate[] chain = new Certificate[2];
        for (int i = 0; i < 2; i++) {
            try (InputStream in = Files.newInputStream(dir.resolve(i == 0 ? "cert.der" : "ca.der"))) {
                chain[i] = certificates.generateCertificate(in);
            }
        }
        PrivateKey key = KeyFactory.getInstance(args[1]).generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(dir.resolve("key.der"))));
        for (int i = 4; i < args.length; i++) {
            KeyStore store = KeyStore.getInstance(args[i], "BC");
            store.load(null, null);
            store.setKeyEntry(args[3], key, null, chain);
            try (OutputStream out = Files.newOutputStream(dir.resolve("bc-" + args[i] + ".p12"))) {
                store.store(out, args[2].toCharArray());
            }
        }
    }
}
