// A PKCS#11 module with one slot, one token and four objects, and with the vice
// that the environment names: VICE says what it does, VICE_AT in which call.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long ulong_t;
typedef unsigned char byte_t;

enum {
	OK = 0, GENERAL_ERROR = 5, DEVICE_ERROR = 0x30, TYPE_INVALID = 0x12, PIN_INCORRECT = 0xA0,
	PIN_LOCKED = 0xA4, DEVICE_REMOVED = 0x32, BUFFER_TOO_SMALL = 0x150,
};

struct table { byte_t version[2]; void *function[68]; };
struct attribute { ulong_t type; void *value; ulong_t length; };
static struct table table;

#ifdef ABSENT
extern int postecpx_no_library_has_this;
int *absent(void) { return &postecpx_no_library_has_this; }
#endif

static int vice(const char *name)
{
	const char *v = getenv("VICE");
	return v != NULL && strcmp(v, name) == 0;
}

static void forked(void)
{
	const char *file = getenv("VICE_FILE");
	if (fork() == 0) {
		if (vice("escape") || vice("escape-crash"))
			setsid();
		if (file != NULL) {
			char half[4096];
			snprintf(half, sizeof(half), "%s.half", file);
			FILE *f = fopen(half, "w");
			fprintf(f, "%d", getpid());
			fclose(f);
			rename(half, file);
		}
		for (;;)
			pause();
	}
	while (file != NULL && access(file, F_OK) != 0)
		usleep(1000);
	usleep(5000);
}

static volatile char *overflow(volatile char *above)
{
	volatile char here[65536];
	here[0] = above ? above[0] : 0;
	here[65535] = overflow(here)[0];
	return here + 1 > above ? above : here;
}

// enter does what the vice does in this call, and returns what the call returns.
static ulong_t enter(const char *call)
{
	const char *at = getenv("VICE_AT");
	if (at == NULL || strcmp(at, call) != 0)
		return OK;
	if (vice("crash"))
		*(volatile int *)0 = 1;
	if (vice("abort"))
		abort();
	if (vice("exit"))
		_exit(0);
	if (vice("exit-3"))
		exit(3);
	if (vice("overflow"))
		return (ulong_t)overflow(NULL) & 0;
	if (vice("hang"))
		for (;;)
			pause();
	if (vice("hang-deaf")) {
		sigset_t all;
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		for (;;)
			pause();
	}
	if (vice("spin"))
		for (volatile int i = 0;; i++)
			;
	if (vice("error"))
		return DEVICE_ERROR;
	if (vice("vendor"))
		return 0x80000001;
	if (vice("removed"))
		return DEVICE_REMOVED;
	if (vice("slow")) {
		struct timespec t = {0, atol(getenv("VICE_NS"))}, rest;
		while (nanosleep(&t, &rest) != 0)
			t = rest;
	}
	if (vice("junk")) {
		char line[64];
		printf("{\"end\":{\"status\":\"ok\"}}\nhello\n");
		fflush(stdout);
		write(1, "{\"call\":\"C_Lie\"}\n{\"end\":{\"status\":\"crashed\"}}\n", 47);
		if (read(0, line, sizeof(line)) != 0)
			abort();
	}
	if (vice("close"))
		for (int fd = 0; fd < 256; fd++)
			close(fd);
	if (vice("fork") || vice("escape"))
		forked();
	if (vice("fork-crash") || vice("escape-crash")) {
		forked();
		*(volatile int *)0 = 1;
	}
	if (vice("fork-hang")) {
		forked();
		for (;;)
			pause();
	}
	if (vice("talk-crash")) {
		for (int i = 0; i < 2000; i++)
			fprintf(stderr, "line %d of many\n", i);
		fprintf(stderr, "the last word");
		abort();
	}
	if (vice("eat")) {
		for (;;) {
			char *p = malloc(1 << 20);
			if (p == NULL)
				return 2;
			memset(p, 1, 1 << 20);
		}
	}
	return OK;
}

#define ENTER(name) do { ulong_t r = enter(name); if (r != OK) return r; } while (0)

static void pad(byte_t *to, const char *from, size_t size)
{
	memset(to, ' ', size);
	memcpy(to, from, strlen(from) < size ? strlen(from) : size);
}

static ulong_t initialize(void *args) { ENTER("C_Initialize"); return OK; }
static ulong_t finalize(void *reserved) { ENTER("C_Finalize"); return OK; }

struct info { byte_t cryptoki[2]; byte_t manufacturer[32]; ulong_t flags; byte_t description[32]; byte_t version[2]; };

static ulong_t get_info(struct info *i)
{
	ENTER("C_GetInfo");
	i->cryptoki[0] = 2, i->cryptoki[1] = 20, i->version[0] = 1, i->version[1] = 7;
	i->flags = 0;
	pad(i->manufacturer, "Vice", 32);
	pad(i->description, "A module of ill will", 32);
	return OK;
}

static ulong_t get_slot_list(byte_t present, ulong_t *list, ulong_t *count)
{
	static int calls;
	ulong_t said = *count;
	calls++;
	ENTER("C_GetSlotList");
	*count = 1;
	if (vice("slots-huge"))
		*count = 1UL << 40;
	if (vice("slots-all"))
		*count = ~0UL;
	if (vice("slots-grow") && list != NULL) {
		*count = 1000000;
		return OK;
	}
	if (vice("slots-change-once") && list == NULL && calls == 1)
		*count = 0x10;
	if (vice("slots-change-once") && list != NULL && calls == 2)
		return BUFFER_TOO_SMALL;
	if (vice("slots-change") && list != NULL)
		return BUFFER_TOO_SMALL;
	if (vice("slots-none"))
		*count = 0;
	if (list != NULL && said >= 1)
		list[0] = 7;
	return OK;
}

struct slot { byte_t description[64]; byte_t manufacturer[32]; ulong_t flags; byte_t hardware[2], firmware[2]; };

static ulong_t get_slot_info(ulong_t slot, struct slot *i)
{
	ENTER("C_GetSlotInfo");
	pad(i->description, "Reader of ill will", 64);
	pad(i->manufacturer, "Vice", 32);
	if (vice("garbage"))
		memset(i->description, 0xE9, 64);
	i->flags = vice("empty") ? 0 : 1;
	return OK;
}

struct token {
	byte_t label[32], manufacturer[32], model[16], serial[16];
	ulong_t flags, sessions[4], most, least, memory[4];
	byte_t hardware[2], firmware[2], time[16];
};

static ulong_t token_flags(void)
{
	const char *flags = getenv("VICE_FLAGS");
	return flags != NULL ? strtoul(flags, NULL, 16) : 0x40C;
}

static ulong_t get_token_info(ulong_t slot, struct token *i)
{
	ENTER("C_GetTokenInfo");
	memset(i, 0, sizeof(*i));
	pad(i->label, "Vice token", 32);
	pad(i->manufacturer, "Vice", 32);
	strcpy((char *)i->model, "IAS ECC");
	pad(i->serial, "00000001", 16);
	i->flags = token_flags();
	i->most = 8, i->least = 4;
	if (vice("garbage")) {
		memset(i->label, 0xFF, 32);
		memset(i->model, 0xE9, 16);
		memset(i->serial, 0x1B, 16);
		i->most = i->least = ~0UL;
	}
	return OK;
}

static ulong_t get_mechanism_list(ulong_t slot, ulong_t *list, ulong_t *count)
{
	ENTER("C_GetMechanismList");
	if (list != NULL && *count >= 1)
		list[0] = 0x40;
	*count = vice("mechanisms-huge") ? 1UL << 33 : 1;
	return OK;
}

static ulong_t get_mechanism_info(ulong_t slot, ulong_t mechanism, ulong_t *info)
{
	ENTER("C_GetMechanismInfo");
	info[0] = info[1] = 2048, info[2] = 0x801;
	return OK;
}

static ulong_t open_session(ulong_t slot, ulong_t flags, void *a, void *n, ulong_t *session)
{
	ENTER("C_OpenSession");
	*session = 3;
	return OK;
}

static ulong_t close_session(ulong_t session) { ENTER("C_CloseSession"); return OK; }

static void count_login(byte_t *pin, ulong_t length)
{
	const char *file = getenv("VICE_LOGINS");
	if (file != NULL) {
		FILE *f = fopen(file, "a");
		fprintf(f, "%.*s\n", (int)length, pin);
		fclose(f);
	}
	fprintf(stderr, "the code is %.*s\n", (int)length, pin);
}

static ulong_t login(ulong_t session, ulong_t user, byte_t *pin, ulong_t length)
{
	const char *result = getenv("VICE_LOGIN");
	count_login(pin, length);
	ENTER("C_Login");
	return result != NULL ? strtoul(result, NULL, 16) : OK;
}

static ulong_t logout(ulong_t session) { ENTER("C_Logout"); return OK; }

static int next_object;

static ulong_t find_objects_init(ulong_t session, void *template, ulong_t count)
{
	ENTER("C_FindObjectsInit");
	next_object = 0;
	return OK;
}

static ulong_t find_objects(ulong_t session, ulong_t *objects, ulong_t most, ulong_t *count)
{
	ENTER("C_FindObjects");
	*count = 0;
	if (vice("objects-overfill")) {
		*count = most + 1000000;
		return OK;
	}
	while (*count < most && (next_object < 4 || vice("objects-endless")))
		objects[(*count)++] = next_object++ % 4;
	return OK;
}

static ulong_t find_objects_final(ulong_t session) { ENTER("C_FindObjectsFinal"); return OK; }

// Objects 0 to 3 have the classes data, certificate, public and private key.
static ulong_t value_of(ulong_t object, ulong_t type, const void **value, ulong_t *size)
{
	static const byte_t yes = 1, no = 0, id[] = {0xE8, 0x28, 0x01};
	static ulong_t class, rsa = 0;
	static const char *labels[] = {"CPS_INFO_PS", "Certificat de Signature CPS", "Cle publique", "CPS_PRIV_SIG"};
	static byte_t modulus[256] = {0xC0};

	switch (type) {
	case 0x000: class = object; *value = &class; *size = sizeof(class); return OK;
	case 0x003: *value = labels[object]; *size = strlen(labels[object]); return OK;
	case 0x002: *value = object == 3 ? &yes : &no; *size = 1; return OK;
	case 0x170: *value = &no; *size = 1; return OK;
	case 0x102: *value = id; *size = sizeof(id); return object != 0 ? OK : TYPE_INVALID;
	case 0x010: *value = "CPS"; *size = 3; return object == 0 ? OK : TYPE_INVALID;
	case 0x011: *value = "value"; *size = 5; return object < 2 ? OK : 0x11;
	case 0x100: *value = &rsa; *size = sizeof(rsa); return object > 1 ? OK : TYPE_INVALID;
	case 0x120: *value = modulus; *size = sizeof(modulus); return object > 1 ? OK : TYPE_INVALID;
	case 0x108: *value = &yes; *size = 1; return object == 3 ? OK : TYPE_INVALID;
	}
	return TYPE_INVALID;
}

static ulong_t get_attribute_value(ulong_t session, ulong_t object, struct attribute *a, ulong_t count)
{
	ulong_t i, result = OK;
	ENTER("C_GetAttributeValue");
	for (i = 0; i < count; i++) {
		const void *value;
		ulong_t size, r = value_of(object, a[i].type, &value, &size);
		if (r != OK) {
			a[i].length = ~0UL;
			result = r;
			continue;
		}
		if (a[i].value != NULL && a[i].length >= size)
			memcpy(a[i].value, value, size);
		a[i].length = size;
		if (vice("value-huge") && a[i].type == 0x011)
			a[i].length = 1UL << 40;
		if (vice("value-large") && a[i].type == 0x011)
			a[i].length = 5UL << 20;
		if (vice("value-grows") && a[i].type == 0x011 && a[i].value != NULL)
			a[i].length = size + 1000;
		if (vice("class-odd") && a[i].type == 0)
			a[i].length = 3;
	}
	return result;
}

static ulong_t sign_init(ulong_t session, void *mechanism, ulong_t key) { ENTER("C_SignInit"); return OK; }

static ulong_t sign(ulong_t session, byte_t *data, ulong_t size, byte_t *signature, ulong_t *length)
{
	ENTER("C_Sign");
	if (vice("sign-grows"))
		*length += 1000;
	return OK;
}

__attribute__((constructor)) static void loaded(void)
{
	enter("load");
}

#ifndef NO_SYMBOL
ulong_t C_GetFunctionList(struct table **list)
{
	static const struct { int place; void *function; const char *name; } all[] = {
		{0, initialize, "C_Initialize"}, {1, finalize, "C_Finalize"}, {2, get_info, "C_GetInfo"},
		{3, C_GetFunctionList, ""}, {4, get_slot_list, "C_GetSlotList"}, {5, get_slot_info, "C_GetSlotInfo"},
		{6, get_token_info, "C_GetTokenInfo"}, {7, get_mechanism_list, "C_GetMechanismList"},
		{8, get_mechanism_info, "C_GetMechanismInfo"}, {12, open_session, "C_OpenSession"},
		{13, close_session, "C_CloseSession"}, {18, login, "C_Login"}, {19, logout, "C_Logout"},
		{24, get_attribute_value, "C_GetAttributeValue"}, {26, find_objects_init, "C_FindObjectsInit"},
		{27, find_objects, "C_FindObjects"}, {28, find_objects_final, "C_FindObjectsFinal"},
		{42, sign_init, "C_SignInit"}, {43, sign, "C_Sign"},
	};
	const char *at = getenv("VICE_AT");
	size_t i;

	ENTER("C_GetFunctionList");
	table.version[0] = 2, table.version[1] = 20;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!(vice("no-entry") && at != NULL && strcmp(at, all[i].name) == 0))
			table.function[all[i].place] = all[i].function;
	if (vice("no-table")) {
		*list = NULL;
		return OK;
	}
	if (vice("wild-table")) {
		*list = (void *)16;
		return OK;
	}
	*list = &table;
	return OK;
}
#endif
