#include <libzfs_core.h>
