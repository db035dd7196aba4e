//! The macros that turn a type into a component: `export_connector!(T)` always, and one more per role.
//!
//! On anything but WebAssembly they export nothing, so that the same crate is tested natively.

/// Exports what every connector answers, keeps the connector's one instance, and stamps the contract's version.
#[macro_export]
macro_rules! export_connector {
    ($connector:ty) => {
        const _: () = {
            impl $crate::glue::Hosted for $connector {
                fn place() -> &'static ::std::thread::LocalKey<::std::cell::RefCell<::std::option::Option<Self>>> {
                    ::std::thread_local! {
                        static PLACE: ::std::cell::RefCell<::std::option::Option<$connector>> =
                            const { ::std::cell::RefCell::new(::std::option::Option::None) };
                    }
                    &PLACE
                }
            }
            #[cfg(target_arch = "wasm32")]
            #[unsafe(link_section = "rosterd:contract")]
            pub static CONTRACT: [u8; 5] = *b"0.1.0";
        };
        $crate::__export_part!(connector_part, $connector);
    };
}

/// Exports the reading role of a type that is a `Source`.
#[macro_export]
macro_rules! export_source {
    ($source:ty) => {
        $crate::__export_part!(source_part, $source);
    };
}

/// Exports the writing role of a type that is a `Destination`.
#[macro_export]
macro_rules! export_destination {
    ($destination:ty) => {
        $crate::__export_part!(destination_part, $destination);
    };
}

/// Exports the role of a type that is a `Receiver`.
#[macro_export]
macro_rules! export_receiver {
    ($receiver:ty) => {
        $crate::__export_part!(receiver_part, $receiver);
    };
}

/// Exports the role of a type that is a `Listener`.
#[macro_export]
macro_rules! export_listener {
    ($listener:ty) => {
        $crate::__export_part!(listener_part, $listener);
    };
}

/// One world's exports; not for use by connectors.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_part {
    ($part:ident, $connector:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Exported = $crate::glue::Exported<$connector>;
    $crate::bindings::$part::export_part!(Exported with_types_in $crate::bindings::$part);
        };
    };
}
