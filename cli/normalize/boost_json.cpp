// Boost.JSON compiled once: Debian's headers have it all, so there is no library to link.
#include <boost/json/src.hpp>
