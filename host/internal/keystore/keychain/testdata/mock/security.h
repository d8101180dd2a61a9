/* What the two halves of the mock of Security have of each other. */
object *keep(EVP_PKEY *, object *traits);
extern object *kSecAttrKeyClass, *kSecAttrKeyClassPublic;
