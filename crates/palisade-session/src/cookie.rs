//! Cookies: written with care, read with more.
