#include "schemas/events/decimal.h"
