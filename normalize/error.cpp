#include "normalize/error.h"
