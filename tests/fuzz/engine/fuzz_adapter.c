/* A hostile adapter for a tiny network: refused, or usable. The input is adapter_config.json, a
 * line "%%", and the header of adapter_model.safetensors, whose length in front is made right and
 * which has some data behind; without the line the header is that of a good adapter. */
#include "base/buf.h"
#include "engine/format.h"
#include "models/model.h"
#include "support/model_writer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DATA_LEN = 2048 };

static struct checkpoint *checkpoint; /* Both stay open. */
static struct model *model;

/* A rank of 4 on q of the first layer of tests/golden/qwen2/tied: 64 x 64. */
static const char good[] =
    "{\"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight\":{\"dtype\":\"F32\","
    "\"shape\":[4,64],\"data_offsets\":[0,1024]},"
    "\"base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight\":{\"dtype\":\"F32\","
    "\"shape\":[64,4],\"data_offsets\":[1024,2048]}}";

static void open_model(void)
{
    struct err err = { 0 };
    struct model_options o = { .n_rows_max = 4 };
    if (checkpoint_open(&checkpoint, TIRO_SOURCE_DIR "/tests/golden/qwen2/tied", &err) < 0 ||
        model_open(&model, checkpoint, &o, &err) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = { (const char *)data, size }, mark = SLICE("\n%%\n");
    size_t at = slice_find(input, mark);
    struct slice config = { input.ptr, at }, header = SLICE(good);
    if (at < size) header = (struct slice){ input.ptr + at + mark.len, size - at - mark.len };
    struct checkpoint *c;
    struct err err = { 0 };
    struct buf b;
    int32_t slot;
    if (!model) open_model();
    buf_init(&b, 64 << 20);
    put_le(&b, header.len, 8);
    buf_add_slice(&b, header);
    gguf_fill(&b, DATA_LEN);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (b.failed || fd < 0 || write(fd, b.ptr, b.len) != (ssize_t)b.len) abort();
    int rc = checkpoint_open_adapter(&c, config, fd, "fuzz", &err);
    if (rc == 0) {
        rc = model_add_adapter(model, &slot, c, &err);
        if (rc == 0) model_remove_adapter(model, slot);
        checkpoint_close(c);
    }
    if (rc < 0 && !err.text[0]) abort();
    close(fd);
    buf_release(&b);
    return 0;
}
