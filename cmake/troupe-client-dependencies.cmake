# What troupe::client links: find_package(troupe COMPONENTS client) needs CAF.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL)  # which CAF's own file takes for granted
find_dependency(CAF 0.18.7 COMPONENTS core io openssl)
