/* PNG files by libpng's simple interface, from memory: the library's reader has looked at path and size before. */
#include "picture.h"

#include <string.h>

#include "report.h"
#include "settings.h"

#if WICK_HAS_PNG
#include <png.h>

enum { PICTURE_SIDE = 4096, PICTURE_BYTES = 64 << 20 };

static int decode(const char *command, const char *path, wk_Tensor *bytes, wk_Tensor **picture)
{
    png_image image;
    png_color black = {0, 0, 0};
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, wk_data_ptr(bytes), (size_t)wk_numel(bytes)))
        return report(command, EXIT_DATA, "%s: %s", quoted(path).text, image.message);
    if (image.width > PICTURE_SIDE || image.height > PICTURE_SIDE) {
        png_image_free(&image);
        return report(command, EXIT_DATA, "%s: %ux%u, at most %dx%d are read", quoted(path).text, image.width,
                      image.height, PICTURE_SIDE, PICTURE_SIDE);
    }
    image.format = PNG_FORMAT_GRAY;
    const int64_t dims[] = {1, image.height, image.width};
    *picture = wk_empty_shape(3, dims, wk_uint8);
    if (!*picture) {
        png_image_free(&image);
        return report_wick(command, STAGE_WORKING);
    }
    if (!png_image_finish_read(&image, &black, wk_data_ptr(*picture), 0, NULL))
        return report(command, EXIT_DATA, "%s: %s", quoted(path).text, image.message);
    return EXIT_OK;
}

int picture_read(const char *command, const char *path, wk_Tensor **picture)
{
    wk_Tensor *bytes = wk_read_file(path, PICTURE_BYTES);
    return bytes ? decode(command, path, bytes, picture) : report_wick(command, STAGE_READING);
}

#else

int picture_read(const char *command, const char *path, wk_Tensor **picture)
{
    (void)picture;
    return report(command, EXIT_USAGE, "%s: this wick was built without libpng; IDXFILE:INDEX works",
                  quoted(path).text);
}

#endif
