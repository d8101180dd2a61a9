import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedDataStreamGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.KeyAgreeRecipientId;
import org.bouncycastle.cms.KeyTransRecipientId;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientId;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;

/**
 * Bouncy Castle as a peer of the envelope tests. Each line of standard input is
 * one command, its words separated by tabs; each gets one line of answer, "ok"
 * or "error" with the exception:
 *
 *   open ENVELOPE CERTIFICATE KEY OUT          all DER, the key PKCS#8
 *   seal CONTENT OUT ALGORITHM FORM [CERTIFICATE MECHANISM NAMING]...
 *
 * ALGORITHM is a content algorithm by envelope's name, FORM is whole or stream
 * (CBC only), MECHANISM is one of envelope's, NAMING is issuer or keyid.
 */
public class Peer {
    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            try {
                run(line.split("\t"));
                System.out.println("ok");
            } catch (Exception e) {
                System.out.println("error " + e.toString().replace('\n', ' '));
            }
        }
    }

    static void run(String[] words) throws Exception {
        switch (words[0]) {
            case "open":
                write(words[4], open(read(words[1]), certificate(words[2]), read(words[3])));
                return;
            case "seal":
                write(words[2], seal(read(words[1]), words[3], words[4].equals("stream"), Arrays.copyOfRange(words, 5, words.length)));
                return;
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    static byte[] open(byte[] sealed, X509Certificate certificate, byte[] pkcs8) throws Exception {
        boolean ec = certificate.getPublicKey() instanceof ECPublicKey;
        PrivateKey key = KeyFactory.getInstance(ec ? "EC" : "RSA", "BC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        JcaX509CertificateHolder holder = new JcaX509CertificateHolder(certificate);
        RecipientId id = ec
            ? new KeyAgreeRecipientId(holder.getIssuer(), holder.getSerialNumber())
            : new KeyTransRecipientId(holder.getIssuer(), holder.getSerialNumber(), keyId(certificate));
        RecipientInformationStore all;
        Recipient recipient;
        try {
            all = new CMSAuthEnvelopedData(sealed).getRecipientInfos();
            // For EC there is no recipient of its own; the GCM cipher gets the tag behind the content.
            recipient = ec
                ? new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC")
                : new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC");
        } catch (Exception notAuthenticated) {
            all = new CMSEnvelopedData(sealed).getRecipientInfos();
            recipient = ec
                ? new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC")
                : new JceKeyTransEnvelopedRecipient(key).setProvider("BC");
        }
        RecipientInformation ours = all.get(id);
        if (ours == null) {
            throw new Exception("no recipient fits");
        }
        return ours.getContent(recipient);
    }

    static byte[] seal(byte[] content, String algorithm, boolean stream, String[] recipients) throws Exception {
        OutputEncryptor cipher = new JceCMSContentEncryptorBuilder(contentAlgorithm(algorithm)).setProvider("BC").build();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (cipher instanceof OutputAEADEncryptor) {
            OutputAEADEncryptor aead = (OutputAEADEncryptor) cipher;
            CMSAuthEnvelopedDataGenerator g = new CMSAuthEnvelopedDataGenerator();
            for (int i = 0; i < recipients.length; i += 3) {
                g.addRecipientInfoGenerator(recipient(recipients, i));
            }
            return g.generate(new CMSProcessableByteArray(content), aead).getEncoded();
        }
        if (!stream) {
            CMSEnvelopedDataGenerator g = new CMSEnvelopedDataGenerator();
            for (int i = 0; i < recipients.length; i += 3) {
                g.addRecipientInfoGenerator(recipient(recipients, i));
            }
            return g.generate(new CMSProcessableByteArray(content), cipher).getEncoded();
        }
        CMSEnvelopedDataStreamGenerator g = new CMSEnvelopedDataStreamGenerator();
        for (int i = 0; i < recipients.length; i += 3) {
            g.addRecipientInfoGenerator(recipient(recipients, i));
        }
        try (OutputStream to = g.open(out, cipher)) {
            to.write(content);
        }
        return out.toByteArray();
    }

    static RecipientInfoGenerator recipient(String[] words, int at) throws Exception {
        X509Certificate certificate = certificate(words[at]);
        boolean byKeyId = words[at + 2].equals("keyid");
        PublicKey key = certificate.getPublicKey();
        if (words[at + 1].equals("ecdh")) {
            KeyPairGenerator maker = KeyPairGenerator.getInstance("EC", "BC");
            maker.initialize(((ECPublicKey) key).getParams());
            KeyPair ephemeral = maker.generateKeyPair();
            JceKeyAgreeRecipientInfoGenerator g = new JceKeyAgreeRecipientInfoGenerator(
                CMSAlgorithm.ECDH_SHA256KDF, ephemeral.getPrivate(), ephemeral.getPublic(), CMSAlgorithm.AES256_WRAP);
            g.setProvider("BC");
            return byKeyId ? g.addRecipient(keyId(certificate), key) : g.addRecipient(certificate);
        }
        AlgorithmIdentifier oaep = keyTransport(words[at + 1]);
        JceKeyTransRecipientInfoGenerator g;
        if (oaep == null) {
            g = byKeyId ? new JceKeyTransRecipientInfoGenerator(keyId(certificate), key) : new JceKeyTransRecipientInfoGenerator(certificate);
        } else {
            g = byKeyId ? new JceKeyTransRecipientInfoGenerator(keyId(certificate), oaep, key) : new JceKeyTransRecipientInfoGenerator(certificate, oaep);
        }
        return g.setProvider("BC");
    }

    static AlgorithmIdentifier keyTransport(String mechanism) throws Exception {
        MGF1ParameterSpec mgf;
        switch (mechanism) {
            case "rsa-pkcs1": return null;
            case "rsa-oaep-sha1": mgf = MGF1ParameterSpec.SHA1; break;
            case "rsa-oaep-sha256": mgf = MGF1ParameterSpec.SHA256; break;
            default: throw new IllegalArgumentException(mechanism);
        }
        return new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP,
            new OAEPParameterSpec(mgf.getDigestAlgorithm(), "MGF1", mgf, PSource.PSpecified.DEFAULT));
    }

    static ASN1ObjectIdentifier contentAlgorithm(String name) {
        switch (name) {
            case "aes-128-cbc": return CMSAlgorithm.AES128_CBC;
            case "aes-192-cbc": return CMSAlgorithm.AES192_CBC;
            case "aes-256-cbc": return CMSAlgorithm.AES256_CBC;
            case "aes-128-gcm": return CMSAlgorithm.AES128_GCM;
            case "aes-192-gcm": return CMSAlgorithm.AES192_GCM;
            case "aes-256-gcm": return CMSAlgorithm.AES256_GCM;
            case "des-ede3-cbc": return CMSAlgorithm.DES_EDE3_CBC;
            default: throw new IllegalArgumentException(name);
        }
    }

    static byte[] keyId(X509Certificate certificate) throws Exception {
        byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
        return ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getOctets();
    }

    static X509Certificate certificate(String path) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509", "BC").generateCertificate(new ByteArrayInputStream(read(path)));
    }

    static byte[] read(String path) throws Exception {
        return Files.readAllBytes(Paths.get(path));
    }

    static void write(String path, byte[] content) throws Exception {
        Path to = Paths.get(path);
        Files.write(to, content);
    }
}
