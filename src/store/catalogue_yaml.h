/* catalogue_yaml - the bytes of models/catalogue.yaml; defined by cmake/catalogue.cmake. */
#ifndef TIRO_STORE_CATALOGUE_YAML_H
#define TIRO_STORE_CATALOGUE_YAML_H

#include <stddef.h>

extern const unsigned char catalogue_yaml[];
extern const size_t catalogue_yaml_len;

#endif
